"""Which senders of a pool are right for a recipient: rules that hold for any pool."""

from hypothesis import given
from hypothesis import strategies as st

from estafette.model import Channel, Cursor, Sender
from estafette.model.listed import cut
from estafette.model.pool import HOME, Form, country_of, fitting, form_of, home_of, is_toll_free

NUMBERS = [
    "+14155550100", "+14155550101", "+12125550100", "+16045550100", "+14165550100", "+18005550100",
    "+18335550100", "+447009500100", "+33639980100", "+15005550006",
]  # fmt: skip
NAMES, SHORT_CODES = ["ACME", "Estafette"], ["12345", "54321"]
RECIPIENTS = [
    "+14155550199", "+12125550199", "+16045550199", "+14165550199", "+447009500199", "+33639980199",
    "+4915550000199", "+551155501990", "+15558675310",
]  # fmt: skip


def sender(address: str, channel: Channel = Channel.SMS, **more: object) -> Sender:
    known = {"id": address, "account": "AC", "connection": "sandbox"}
    return Sender(**known, address=address, channel=channel, **more)  # type: ignore[arg-type]


pools = st.lists(st.sampled_from(NUMBERS + NAMES + SHORT_CODES), unique=True).map(
    lambda found: [sender(address) for address in found]
)
recipients = st.sampled_from(RECIPIENTS)


def addresses(found: list[Sender]) -> list[str]:
    return [item.address for item in found]


def fit(pool: list[str], to: str, *, by_area_code: bool = True) -> list[str]:
    return addresses(fitting([sender(item) for item in pool], to, by_area_code=by_area_code))


@given(pools, recipients, st.booleans())
def test_who_is_right_is_in_the_pool_and_of_one_kind(
    pool: list[Sender], to: str, by_area_code: bool
) -> None:
    found = fitting(pool, to, by_area_code=by_area_code)
    assert addresses(found) == [item for item in addresses(pool) if item in addresses(found)]
    assert len({form_of(item) for item in found}) <= 1


@given(pools, recipients)
def test_somebody_is_right_wherever_there_is_a_number(pool: list[Sender], to: str) -> None:
    has_number = any(form_of(item) is Form.NUMBER for item in pool)
    assert fitting(pool, to) or not has_number


@given(pools, recipients)
def test_the_country_comes_before_all(pool: list[Sender], to: str) -> None:
    where = country_of(to)
    near = {item.address for item in pool if home_of(item) == where}
    found = fitting(pool, to)
    if near:
        assert all(
            item.address in near
            or form_of(item) is Form.NAME
            or (is_toll_free(item.address) and where in ("US", "CA"))
            for item in found
        )
    elif found and not any(form_of(item) is Form.NAME for item in found):
        homes = {home_of(item) for item in found}
        numbers = [item for item in pool if form_of(item) is Form.NUMBER]
        if where not in ("US", "CA") and any(home_of(item) == HOME for item in numbers):
            assert homes == {HOME}


@given(pools, recipients)
def test_nobody_is_chosen_who_cannot_reach(pool: list[Sender], to: str) -> None:
    where = country_of(to)
    for item in fitting(pool, to):
        if form_of(item) is Form.SHORT_CODE:
            assert home_of(item) == where
        if form_of(item) is Form.NAME:
            assert where not in ("US", "CA")


@given(pools, recipients)
def test_a_short_code_comes_before_a_name_before_a_number(pool: list[Sender], to: str) -> None:
    found = {form_of(item) for item in fitting(pool, to)}
    where = country_of(to)
    forms = {form_of(item) for item in pool if home_of(item) in (where, "")}
    if Form.SHORT_CODE in forms:
        assert found == {Form.SHORT_CODE}
    elif Form.NAME in forms and where not in ("US", "CA"):
        assert found == {Form.NAME}


@given(pools, recipients)
def test_without_area_codes_no_fewer_are_right(pool: list[Sender], to: str) -> None:
    narrow, wide = fitting(pool, to), fitting(pool, to, by_area_code=False)
    assert set(addresses(narrow)) <= set(addresses(wide))
    areas = {item.address[:5] for item in narrow}
    assert narrow == wide or areas == {to[:5]}


def test_canada_prefers_toll_free_numbers_and_the_us_does_not() -> None:
    pool = ["+16045550100", "+18005550100"]
    assert fit(pool, "+14165550199") == ["+18005550100"]
    assert fit(["+14155550100", "+18005550100"], "+12125550199") == ["+14155550100", "+18005550100"]
    assert fit(["+14155550100", "+18005550100"], "+14155550199") == ["+14155550100"]


def test_a_number_of_the_us_stands_in_for_others() -> None:
    assert fit(["+33639980100", "+14155550100"], "+447009500199") == ["+14155550100"]
    assert fit(["+33639980100"], "+447009500199") == ["+33639980100"]
    assert fit(["12345", "ACME"], "+14155550199") == ["12345"]
    assert fit(["12345"], "+447009500199") == []
    assert fit(["ACME"], "+14155550199") == []
    assert fit([], "+14155550199") == []


def test_a_short_code_may_be_of_another_country() -> None:
    british = sender("60777", details={"country": "GB"})
    assert addresses(fitting([british], "+447009500199")) == ["60777"]
    assert fitting([british], "+14155550199") == []


def test_on_other_channels_all_are_equally_right() -> None:
    pool = [sender(item, Channel.WHATSAPP) for item in ("+14155550100", "+447009500100")]
    assert fitting(pool, "+447009500199") == pool
    assert form_of(pool[0]) is Form.CHANNEL


@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True), st.integers(1, 5))
def test_pages_of_a_whole_list_give_each_item_once_and_lead_back(
    items: list[str], limit: int
) -> None:
    wanted = sorted(items, reverse=True)
    seen: list[str] = []
    page = cut(items, limit, None, str)
    while True:
        seen += page.items
        if not page.has_next:
            break
        page = cut(items, limit, Cursor(seen[-1]), str)
    assert seen == wanted
    if page.has_previous and page.items:
        back = cut(items, limit, Cursor(page.items[0], before=True), str)
        first = wanted.index(page.items[0])
        assert list(back.items) == wanted[max(0, first - limit) : first]
        assert back.has_previous == (first > limit)
