"""The kernel's tables, the units, and the read model of the figures in two slots."""

from alembic import op

from shared.migrate import install_kernel, install_units

revision = "0001"
down_revision = None

# Literals, not imports: a migration must go on meaning what it meant when it was written.
STOCKS = (
    "teams_commune",
    "teams_village",
    "seats",
    "covered_public_services",
    "covered_online_shopping",
    "covered_online_payment",
    "covered_online_safety",
    "covered_local_platforms",
    "covered_all",
)
FLOWS = ("visits", "people_taught", "attendances", "first_households", "first_persons")
FIGURES = (*STOCKS, *FLOWS, "facts")
QUALITY = ("estimated", "successor_unknown", "unplaced")

SLOT = """
CREATE TABLE read.leaf_{slot} (          -- the truth: figures by the unit of the fact
    day  date NOT NULL,
    unit text COLLATE "C" NOT NULL,
    {figures},
    PRIMARY KEY (unit, day)
) WITH (fillfactor = 80);                -- room for updates within the page
CREATE TABLE read.reach_{slot} (         -- n met on day and last before on previous_day
    day          date NOT NULL,
    previous_day date NOT NULL,
    n            bigint NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit, kind, day, previous_day)
) WITH (fillfactor = 80);
CREATE TABLE read.team_{slot} (          -- later events of a team do not say its kind
    team_id text COLLATE "C" PRIMARY KEY,
    kind    text NOT NULL,
    unit    text COLLATE "C" NOT NULL
);
CREATE TABLE read.map_{slot} (           -- hierarchies to place leaves on: 0 before the reform, 1 today's, 2… asked for
    map           int PRIMARY KEY,
    key           date NOT NULL,         -- the map's first day
    tree_position bigint NOT NULL,       -- the last unit event it knows
    used_at       timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE read.placement_{slot} (     -- where each leaf with facts stands on a map
    map      int NOT NULL,
    leaf     text COLLATE "C" NOT NULL,
    home     text COLLATE "C",
    commune  text COLLATE "C",
    district text COLLATE "C",
    province text COLLATE "C",
    estimated         boolean NOT NULL,
    successor_unknown boolean NOT NULL,
    PRIMARY KEY (map, leaf)
);
CREATE INDEX placement_{slot}_home ON read.placement_{slot} (map, home);
CREATE INDEX placement_{slot}_commune ON read.placement_{slot} (map, commune);
CREATE TABLE read.rollup_{slot} (        -- figures per commune, district, province and nation ('*') on the maps 0 and 1
    day  date NOT NULL,
    map  int NOT NULL,
    unit text COLLATE "C" NOT NULL,
    {figures},
    {quality},                           -- of the facts: how many are placed by estimate, too high, or nowhere
    PRIMARY KEY (map, unit, day)
) WITH (fillfactor = 80);
CREATE TABLE read.rollup_reach_{slot} (
    day          date NOT NULL,
    previous_day date NOT NULL,
    n            bigint NOT NULL,
    map          int NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    PRIMARY KEY (map, unit, kind, day, previous_day)
) WITH (fillfactor = 80);
INSERT INTO read.map_{slot} (map, key, tree_position) VALUES (0, '2025-06-30', 0), (1, '2025-06-30', 0);
"""

LIVE = """
CREATE TABLE read.figures_live (         -- which slot answers; the other one is for rebuilding
    one        boolean PRIMARY KEY DEFAULT true CHECK (one),
    slot       text NOT NULL,
    since      timestamptz NOT NULL DEFAULT now()
);
INSERT INTO read.figures_live (slot) VALUES ('1a');
CREATE SEQUENCE read.map_numbers START 2;
"""
VIEW = """
CREATE VIEW read.{name} AS
    SELECT * FROM read.{name}_1a WHERE (SELECT slot FROM read.figures_live) = '1a'
    UNION ALL
    SELECT * FROM read.{name}_1b WHERE (SELECT slot FROM read.figures_live) = '1b';
"""


def upgrade() -> None:
    install_kernel("reporting", partitions=1)
    install_units()
    figures = ",\n    ".join(f"{name} bigint NOT NULL DEFAULT 0" for name in FIGURES)
    quality = ",\n    ".join(f"{name} bigint NOT NULL DEFAULT 0" for name in QUALITY)
    for slot in ("1a", "1b"):
        op.execute(SLOT.format(slot=slot, figures=figures, quality=quality))
    op.execute(LIVE)
    for name in ("leaf", "reach", "team", "map", "placement", "rollup", "rollup_reach"):
        op.execute(VIEW.format(name=name))
