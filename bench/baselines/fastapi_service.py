"""What a good engineer writes in an afternoon: FastAPI, pydantic and SQLAlchemy, one table, no events.

A visit is validated, inserted and committed; a batch is one bulk insert and one commit. It has no tokens, no units, no
other uploads of the same visit to compare with, nothing that others could subscribe to: it is there to be faster.

    BENCH_DATABASE_URL=postgresql://… uvicorn bench.baselines.fastapi_service:app --workers 2
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Depends, FastAPI
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import create_engine
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

Skill = Literal["public_services", "online_shopping", "online_payment", "online_safety", "local_platforms"]
Level = Literal["knows", "understands", "does"]
Age = Literal["under_16", "16_24", "25_39", "40_59", "60_plus"]
Kind = Literal["household", "business_household", "enterprise", "workplace", "shop", "public_place"]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SkillLevel(Strict):
    skill: Skill
    level: Level


class Learner(Strict):
    ref: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,36}$")]
    age_band: Age
    skills: list[SkillLevel] = []


class Visit(Strict):
    visit_id: UUID
    place_id: UUID
    place_kind: Kind
    unit_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    day: date
    team_id: UUID
    member_ids: Annotated[list[UUID], Field(min_length=1, max_length=30)]
    started_at: AwareDatetime | None = None
    duration_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    learners: Annotated[list[Learner], Field(max_length=50)] = []
    platforms: Annotated[list[str], Field(max_length=40)] = []

    def columns(self) -> dict[str, Any]:
        return self.model_dump() | {
            "member_ids": [str(member) for member in self.member_ids],
            "learners": [learner.model_dump() for learner in self.learners],
        }


class Batch(Strict):
    rows: Annotated[list[Visit], Field(max_length=1_000)]


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "visits"

    visit_id: Mapped[UUID] = mapped_column(primary_key=True)
    place_id: Mapped[UUID] = mapped_column(index=True)
    place_kind: Mapped[str]
    unit_id: Mapped[str]
    day: Mapped[date]
    team_id: Mapped[UUID]
    member_ids: Mapped[list[Any]] = mapped_column(JSONB)
    started_at: Mapped[datetime | None]
    duration_minutes: Mapped[int | None]
    learners: Mapped[list[Any]] = mapped_column(JSONB)
    platforms: Mapped[list[Any]] = mapped_column(JSONB)


engine = create_engine(
    os.environ["BENCH_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1),
    pool_size=20,
    connect_args={"options": "-c timezone=UTC"},
)
new_session = sessionmaker(engine)
app = FastAPI()


def session() -> Iterator[Session]:
    with new_session() as opened:
        yield opened


@app.get("/healthz")
def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/visits", status_code=201)
def record(visit: Visit, session: Annotated[Session, Depends(session)]) -> dict[str, str]:
    session.add(Row(**visit.columns()))
    session.commit()
    return {"outcome": "stored", "visit_id": str(visit.visit_id)}


@app.post("/v1/visits/batch")
def record_many(batch: Batch, session: Annotated[Session, Depends(session)]) -> dict[str, Any]:
    session.execute(insert(Row).on_conflict_do_nothing(), [visit.columns() for visit in batch.rows])
    session.commit()
    return {"results": [{"visit_id": str(visit.visit_id), "outcome": "stored"} for visit in batch.rows]}
