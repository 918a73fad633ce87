"""Numbers that belong to nobody, and may be taken to try things with. Pure."""

from functools import cache

from estafette.model.number import Number, NumberKind

#: Towns whose numbers can be taken: country, area code, name, region, postal code, LATA, rate
#: centre, latitude, longitude. `555 01xx` is set aside for fiction in each.
TOWNS = (
    ("US", "212", "New York", "NY", "10001", "132", "NEW YORK", 40.75, -73.99),
    ("US", "206", "Seattle", "WA", "98101", "674", "SEATTLE", 47.61, -122.33),
    ("US", "305", "Miami", "FL", "33101", "460", "MIAMI", 25.77, -80.19),
    ("US", "312", "Chicago", "IL", "60601", "358", "CHICAGO", 41.88, -87.62),
    ("US", "415", "San Francisco", "CA", "94103", "722", "SNFC CNTRL", 37.77, -122.42),
    ("US", "512", "Austin", "TX", "78701", "558", "AUSTIN", 30.27, -97.74),
    ("CA", "416", "Toronto", "ON", "M5H", "888", "TORONTO", 43.65, -79.38),
    ("CA", "514", "Montreal", "QC", "H2Y", "888", "MONTREAL", 45.50, -73.55),
)
#: Other numbers that can be taken: country, kind, what comes before the last digits, how many those
#: are, what the number can. All are set aside for fiction by who numbers the country.
RANGES = (
    ("US", NumberKind.TOLL_FREE, "+180055501", 2, ("voice", "sms", "mms")),
    ("GB", NumberKind.MOBILE, "+4477009000", 2, ("voice", "sms")),
    ("GB", NumberKind.LOCAL, "+4420794600", 2, ("voice", "sms")),
    ("GB", NumberKind.TOLL_FREE, "+4480815700", 2, ("voice", "sms")),
    ("FR", NumberKind.MOBILE, "+336399800", 2, ("voice", "sms")),
    ("FR", NumberKind.LOCAL, "+331990000", 2, ("voice", "sms")),
    ("DE", NumberKind.MOBILE, "+4917139200", 2, ("voice", "sms")),
    ("DE", NumberKind.LOCAL, "+4930231250", 2, ("voice", "sms")),
)


@cache
def numbers() -> tuple[Number, ...]:
    """All of them."""
    local = [
        Number(
            address=f"+1{area}55501{end:02}",
            country=country,
            kind=NumberKind.LOCAL,
            locality=locality,
            region=region,
            postal_code=postal_code,
            lata=lata,
            rate_center=rate_center,
            latitude=latitude,
            longitude=longitude,
            capabilities=("voice", "sms", "mms"),
        )
        for country, area, locality, region, postal_code, lata, rate_center, latitude, longitude in TOWNS
        for end in range(100)
    ]
    others = [
        Number(
            address=f"{begin}{end:0{digits}}", country=country, kind=kind, capabilities=capabilities
        )
        for country, kind, begin, digits, capabilities in RANGES
        for end in range(10**digits)
    ]
    return (*local, *others)
