"""Where bytes lie: files of the home, and objects of a bucket."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from estafette.core import sigv4
from estafette.core.blobs import Blobs
from estafette.core.bucket import BadBucket, Bucket, NotKept, read_url
from estafette.core.clock import utc_now
from estafette.http import Http
from estafette.model import Unknown
from tests.buckets import KEY, SECRET, Objects, storing
from tests.conftest import free_port

ID, OTHER = "ab" * 16, "cd" * 16
MEGA = 1 << 20


@pytest.fixture
def objects() -> Iterator[Objects]:
    with storing() as found:
        yield found


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    found = Http(allows_private=True)
    yield found
    await found.close()


@pytest.fixture
def bucket(objects: Objects, http: Http) -> Bucket:
    return Bucket(read_url(objects.url()), http, utc_now)


async def keep(blobs: Blobs, data: bytes, id: str = ID) -> str:
    place = blobs.place(id)
    draft = blobs.drafted(place)
    with draft.file:
        for start in range(0, len(data), 100_000):
            await draft.write(data[start : start + 100_000])
        assert draft.size == len(data)
        await blobs.keep(draft, place)
    return place


async def given(blobs: Blobs, place: str) -> list[bytes]:
    pieces: list[bytes] = []

    async def sink(piece: bytes) -> None:
        pieces.append(piece)

    await blobs.pour(place, sink)
    return pieces


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# In the home


async def test_the_home_keeps_what_it_is_given(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "media", None)
    data = bytes(range(256)) * 8192
    place = await keep(blobs, data)
    assert place == f"home:ab/{ID}"
    assert files(tmp_path) == [f"media/ab/{ID}"]
    assert (tmp_path / "media/ab" / ID).stat().st_mode & 0o777 == 0o600
    pieces = await given(blobs, place)
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) < MEGA
    await blobs.drop(place)
    await blobs.drop(place)  # it may be asked twice
    assert files(tmp_path) == []
    with pytest.raises(Unknown):
        await given(blobs, place)


async def test_a_draft_has_no_other_name_until_it_is_whole(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, None)
    place = blobs.place(ID)
    with blobs.drafted(place).file:
        assert files(tmp_path) == [f"ab/{ID}.part"]
        with pytest.raises(Unknown):
            await given(blobs, place)
    await blobs.drop(place)
    assert files(tmp_path) == []


async def test_a_home_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "media").write_text("in the way")
    with pytest.raises(NotKept, match="media cannot be kept"):
        await keep(Blobs(tmp_path / "media", None), b"data")


# In a bucket


async def test_a_bucket_keeps_what_it_is_given(
    tmp_path: Path, objects: Objects, bucket: Bucket
) -> None:
    blobs = Blobs(tmp_path, bucket)
    data = bytes(range(256)) * 20_000
    place = await keep(blobs, data)
    path = f"/media/below/here/ab/{ID}"
    assert place == f"s3:below/here/ab/{ID}"
    assert objects.held == {path: data}
    assert files(tmp_path) == []  # nothing is left here
    pieces = await given(blobs, place)
    assert b"".join(pieces) == data
    assert max(map(len, pieces)) < MEGA
    await blobs.drop(place)
    await blobs.drop(place)
    assert objects.held == {}
    assert set(objects.asked) == {(m, path) for m in ("PUT", "GET", "DELETE")}
    with pytest.raises(Unknown):
        await given(blobs, place)


async def test_what_lies_elsewhere_is_still_found(
    tmp_path: Path, objects: Objects, bucket: Bucket
) -> None:
    before = Blobs(tmp_path, None)
    here = await keep(before, b"here")
    after = Blobs(tmp_path, bucket)
    there = await keep(after, b"there", OTHER)
    assert await given(after, here) == [b"here"]
    assert await given(after, there) == [b"there"]
    assert objects.held.keys() == {f"/media/below/here/cd/{OTHER}"}
    with pytest.raises(NotKept):
        await given(before, there)


@pytest.mark.parametrize("status", [403, 500, 503, 301])
async def test_a_bucket_that_refuses_says_so(
    tmp_path: Path, objects: Objects, bucket: Bucket, status: int
) -> None:
    blobs = Blobs(tmp_path, bucket)
    place = await keep(blobs, b"data")
    objects.status = status
    for work in (keep(blobs, b"data", OTHER), given(blobs, place), blobs.drop(place)):
        with pytest.raises(NotKept, match=f"answered {status}"):
            await work


@pytest.mark.parametrize("wrong", [{"secret": "guessed"}, {"region": "us-east-1"}])
async def test_who_signs_with_something_else_is_not_believed(
    tmp_path: Path, objects: Objects, http: Http, wrong: dict[str, str]
) -> None:
    blobs = Blobs(tmp_path, Bucket(read_url(objects.url(**wrong)), http, utc_now))
    with pytest.raises(NotKept, match="403"):
        await keep(blobs, b"data")
    assert objects.held == {}


async def test_a_bucket_that_is_not_there_says_so_without_its_secret(
    tmp_path: Path, http: Http
) -> None:
    url = f"s3://{KEY}:hush@127.0.0.1:{free_port()}/media?tls=false"
    with pytest.raises(NotKept) as raised:
        await keep(Blobs(tmp_path, Bucket(read_url(url), http, utc_now)), b"data")
    assert "hush" not in str(raised.value)
    assert KEY not in str(raised.value)


# Signatures


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-3", "garage"])
@pytest.mark.parametrize("host", ["s3.example.com", "127.0.0.1:9000", "[::1]:9000"])
@pytest.mark.parametrize("name", ["a/b", "with space/+~(x)", "ünïcode/%41", "a//b"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_signature_is_the_one_that_botocore_makes(
    method: str, name: str, host: str, region: str
) -> None:
    at = datetime(2026, 5, 4, 12, 30, 5, tzinfo=UTC)
    url = f"http://{host}{sigv4.path('bucket', name)}"
    digest = hashlib.sha256(b"data").hexdigest()
    ours = sigv4.signed(method, url, key=KEY, secret=SECRET, region=region, digest=digest, at=at)
    request = AWSRequest(method, url, headers={**ours, "host": host})
    del request.headers["authorization"]
    request.context["timestamp"] = ours["x-amz-date"]
    signer = S3SigV4Auth(Credentials(KEY, SECRET), "s3", region)
    said = signer.string_to_sign(request, signer.canonical_request(request))
    assert ours["authorization"].endswith(f"Signature={signer.signature(said, request)}")
    assert f"{KEY}/20260504/{region}/s3/aws4_request" in ours["authorization"]


# The setting


def test_a_setting_says_which_bucket() -> None:
    found = read_url("s3://key:a%2Fb%2Bc@s3.example.com/media")
    assert found.endpoint == "https://s3.example.com"
    assert (found.bucket, found.prefix) == ("media", "")
    assert (found.key, found.secret, found.region) == ("key", "a/b+c", "us-east-1")
    found = read_url("s3://key:secret@[::1]:9000/media/a/b/?region=garage&tls=false")
    assert (found.endpoint, found.prefix, found.region) == ("http://[::1]:9000", "a/b", "garage")
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    "text",
    [
        "hush", "https://key:hush@host/bucket", "s3://host/hush", "s3://key@host/hush",
        "s3://key:hush@host", "s3://key:hush@host/", "s3://key:hush@/bucket",
        "s3://key:hush@host/BUCKET", "s3://key:hush@host/bucket?tls=maybe",
        "s3://key:hush@host/bucket?other=1", "s3://key:hush@host:port/bucket",
        "s3://key:hush@host/bucket/../x", "s3://key:hush@host/bucket/a%20b",
        "s3://key:hush@host/bucket?tls", "s3://key:hush@[::1/bucket", "s3://key:hu#sh@host/bucket",
    ],
)  # fmt: skip
def test_a_setting_that_says_it_wrong_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(BadBucket, match="it should be as") as raised:
        read_url(text)
    assert "hush" not in str(raised.value)
