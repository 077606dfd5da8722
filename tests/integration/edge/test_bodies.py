"""What arrives is loaded by its schema, or refused with the place of the fault."""

from __future__ import annotations

import gzip
import json
import uuid

import httpx

from tests.edge_kit import VISIT, post, problem


def test_a_body_is_loaded_and_headers_are_parsed(http: httpx.Client) -> None:
    key = str(uuid.uuid4())
    answer = http.post("/v1/visits", json=VISIT, headers={"Idempotency-Key": key, "If-Match": '"12"'})
    assert answer.status_code == 201
    assert answer.json() == {"loaded": VISIT, "key": key, "if_match": 12}


def test_a_version_travels_as_etag(http: httpx.Client) -> None:
    answer = http.get("/v1/things/a")
    assert (answer.headers["ETag"], answer.json()) == ('"7"', {"thing": "a", "sub": "field-app"})
    again = http.get("/v1/things/a", headers={"If-None-Match": '"7"'})
    assert (again.status_code, again.content) == (304, b"")


def test_head_and_options(http: httpx.Client) -> None:
    answer = http.head("/v1/things/a")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
    options = httpx.options(f"{http.base_url}/v1/visits")
    assert (options.status_code, options.headers["Allow"]) == (204, "OPTIONS, POST")


def test_query_is_loaded_by_its_schema(http: httpx.Client) -> None:
    assert http.get("/v1/things?size=5&unit=a&unit=b").json() == {"size": 5, "unit": ["a", "b"]}
    assert http.get("/v1/things?unit=a").json() == {"size": 10, "unit": ["a"]}
    found = problem(http.get("/v1/things?size=many"), 422, "wrong-type", "/size")
    assert found["in"] == "query"
    problem(http.get("/v1/things?sise=1"), 422, "unknown-field", "/sise")
    problem(http.get("/v1/things/a?x=1"), 422, "unknown-field", "/x")
    problem(http.get("/v1/things?size=%00"), 400, "forbidden-character")
    problem(http.get("/v1/things?" + "&".join(f"unit={i}" for i in range(101))), 400, "bad-request")
    problem(http.get("/v1/things/%00"), 400, "forbidden-character")


def test_gzip_and_chunked_bodies_are_read(http: httpx.Client) -> None:
    packed = gzip.compress(json.dumps(VISIT).encode())
    assert post(http, "/v1/visits", packed, **{"Content-Encoding": "gzip"}).status_code == 201
    headers = {"Content-Type": "application/json"}
    chunks = iter([json.dumps(VISIT)[:10].encode(), json.dumps(VISIT)[10:].encode()])
    assert http.post("/v1/visits", content=chunks, headers=headers).status_code == 201


def test_malformed_json_says_where(http: httpx.Client) -> None:
    found = problem(post(http, "/v1/visits", b'{"day":\n "2026'), 400, "malformed-json")
    assert "dòng 2" in found["detail"]
    for raw in (b"", b"\xff", b"NaN", b'{"a":1,}', b"\xef\xbb\xbf{}", b'{"a":"\x00"}'):
        problem(post(http, "/v1/visits", raw), 400, "malformed-json")


def test_wrong_types_missing_and_unknown_fields_have_pointers(http: httpx.Client) -> None:
    problem(post(http, "/v1/visits", b"[]"), 422, "wrong-type")
    problem(post(http, "/v1/visits", b"null"), 422, "wrong-type")
    problem(http.post("/v1/visits", json=VISIT | {"day": 3}), 422, "wrong-type", "/day")
    problem(http.post("/v1/visits", json=VISIT | {"minutes": "5"}), 422, "wrong-type", "/minutes")
    problem(http.post("/v1/visits", json=VISIT | {"minutes": 0}), 422, "out-of-range", "/minutes")
    problem(http.post("/v1/visits", json=VISIT | {"note": "x" * 21}), 422, "wrong-length", "/note")
    problem(http.post("/v1/visits", json=VISIT | {"nmae": 1}), 422, "unknown-field", "/nmae")
    problem(http.post("/v1/visits", json=VISIT | {"a/b~": 1}), 422, "unknown-field", "/a~1b~0")
    problem(http.post("/v1/visits", json=VISIT | {"skills": ["online_payment", "x"]}), 422, "bad-skill", "/skills/1")
    found = problem(post(http, "/v1/visits", b"{}"), 422, "missing-field", "/visit_id")
    assert [error["pointer"] for error in found["errors"]] == ["/visit_id", "/day"]


def test_characters_the_database_cannot_store_are_located(http: httpx.Client) -> None:
    for bad in (r"\u0000", r"\ud800", r"\udc00x"):
        problem(post(http, "/v1/raw", f'{{"a":[1,"{bad}"]}}'), 400, "forbidden-character", "/a/1")
        problem(post(http, "/v1/raw", f'{{"a":{{"{bad}":1}}}}'), 400, "forbidden-character", "/a")
    problem(post(http, "/v1/raw", b'"\xed\xa0\x80"'), 400, "forbidden-character")
    assert post(http, "/v1/raw", rb'"\\u0000 \ud83d\ude00"').json() == {"got": "\\u0000 \U0001f600"}


def test_deep_nesting_is_refused(http: httpx.Client) -> None:
    for depth in (65, 1_000, 10_000):
        problem(post(http, "/v1/raw", b"[" * depth + b"]" * depth), 400, "too-deep")
        problem(post(http, "/v1/raw", b'{"a":' * depth + b"1" + b"}" * depth), 400, "too-deep")
    assert post(http, "/v1/raw", b"[" * 64 + b"]" * 64).status_code == 200


def test_a_body_over_the_limit_is_refused_and_the_answer_arrives(http: httpx.Client) -> None:
    problem(post(http, "/v1/visits", b" " * 5_000_001), 413, "body-too-large")
    problem(post(http, "/v1/raw", b" " * 100_001), 413, "body-too-large")
    chunks = iter([b" " * 60_000] * 100)
    problem(http.post("/v1/raw", content=chunks, headers={"Content-Type": "application/json"}), 413, "body-too-large")
    assert post(http, "/v1/raw", b"1" + b" " * 99_999).status_code == 200


def test_an_exploding_or_broken_gzip_is_refused(http: httpx.Client) -> None:
    as_gzip = {"Content-Encoding": "gzip"}
    bomb = gzip.compress(b" " * 200_000_000, 9)
    problem(post(http, "/v1/visits", bomb, **as_gzip), 413, "body-too-large")
    whole = gzip.compress(json.dumps(VISIT).encode())
    problem(post(http, "/v1/visits", whole[:-9], **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", whole + b"more", **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", b"not gzip", **as_gzip), 400, "malformed-body")
    problem(post(http, "/v1/visits", b"{}", **{"Content-Encoding": "br"}), 415, "unsupported-media-type")


def test_only_json_is_accepted(http: httpx.Client) -> None:
    problem(http.post("/v1/visits", content=b"{}"), 415, "unsupported-media-type")
    problem(http.post("/v1/visits", data={"a": "b"}), 415, "unsupported-media-type")
    answer = http.post("/v1/raw", content=b"1", headers={"Content-Type": "application/json; charset=UTF-8"})
    assert answer.status_code == 200


def test_malformed_headers(http: httpx.Client) -> None:
    answer = http.post("/v1/visits", json=VISIT, headers={"Idempotency-Key": "5"})
    assert problem(answer, 400, "malformed-header", "/Idempotency-Key")["in"] == "header"
    problem(http.post("/v1/visits", json=VISIT, headers={"If-Match": 'W/"x"'}), 400, "malformed-header", "/If-Match")


def test_a_batch_answers_per_row(http: httpx.Client) -> None:
    good, nul, lone = json.dumps(VISIT), r'{"note":"\u0000"}', r'{"note":"\ud800"}'
    undated = json.dumps(VISIT | {"day": "x"})
    raw = f'{{"rows":[{good},{nul},{lone},7,{undated},{good}]}}'
    answer = post(http, "/v1/visits/batch", raw, **{"Accept-Language": "en"})
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["counts"] == {"stored": 2, "rejected": 4}
    assert document["results"][0] == {
        "row": 0,
        "id": VISIT["visit_id"],
        "outcome": "stored",
        "version": 1,
        "position": "0:1",
    }
    found = [(result["problem"]["code"], result["problem"]["pointer"]) for result in document["results"][1:5]]
    assert found == [
        ("forbidden-character", "/rows/1/note"),
        ("forbidden-character", "/rows/2/note"),
        ("wrong-type", "/rows/3"),
        ("wrong-type", "/rows/4/day"),
    ]
    assert document["results"][1]["problem"]["title"] == "Forbidden character"


def test_a_batch_itself_can_be_wrong(http: httpx.Client) -> None:
    problem(http.post("/v1/visits/batch", json={"rows": [{}] * 1001}), 413, "too-many-rows", "/rows")
    problem(http.post("/v1/visits/batch", json={"rows": {}}), 422, "wrong-type", "/rows")
    problem(http.post("/v1/visits/batch", json={}), 422, "missing-field", "/rows")
    problem(http.post("/v1/visits/batch", json=[]), 422, "wrong-type")
    problem(http.post("/v1/visits/batch", json={"rows": [], "row": 1}), 422, "unknown-field", "/row")
    problem(post(http, "/v1/visits/batch", rb'{"\ud800":1}'), 422, "unknown-field", "/?")
    assert http.post("/v1/visits/batch", json={"rows": [VISIT] * 1000}).json()["counts"] == {"stored": 1000}
