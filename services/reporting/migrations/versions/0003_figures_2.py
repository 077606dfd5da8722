"""``figures@2``: nullable columns for many more figures, in tables of its own beside those of ``figures@1``.

A database with figures of the first version goes on with them until the second one has been filled (``upgrade.py``).
"""

from alembic import op

revision = "0003"
down_revision = "0002"

# Literals, not imports: a migration must go on meaning what it meant when it was written.
SKILLS = ("public_services", "online_shopping", "online_payment", "online_safety", "local_platforms")
LEVELS = ("knows", "understands", "does")
BANDS = ("under_16", "16_24", "25_39", "40_59", "60_plus")
OTHER_KINDS = ("business_household", "enterprise", "workplace", "shop", "public_place")
KINDS = ("household", *OTHER_KINDS)
FIGURES = (
    *("teams_commune", "teams_village", "teams_commune_pilot", "teams_commune_suspended"),
    *("teams_village_pilot", "teams_village_suspended"),
    *("seats", "leaders", "deputies", "members", "people", "warnings", "regulations", "plans"),
    *(f"covered_{skill}_{level}" for skill in (*SKILLS, "all") for level in LEVELS),
    *(f"covered_{kind}_{skill}_{level}" for kind in OTHER_KINDS for skill in (*SKILLS, "all") for level in LEVELS),
    *(f"covered_{skill}_{level}_{band}" for skill in SKILLS for level in LEVELS for band in BANDS),
    *("households_total", "households_declared", "opinions_open", "certificates_valid"),
    *("teams_renamed", "teams_reconstituted"),
    *("visits", *(f"visits_{kind}" for kind in KINDS)),
    *("people_taught", *(f"taught_{band}" for band in BANDS)),
    *(*(f"first_{kind}s" for kind in KINDS), "first_persons", "first_teams"),
    *("outreach_sessions", "outreach_heads", *(f"heads_{band}" for band in BANDS)),
    *("opinions_recorded", "opinions_answered", "answer_days", "opinions_closed", "opinions_withdrawn"),
    *("attendances", "sessions_held", "facts"),
)
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
    n            int NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit, kind, day, previous_day)
) WITH (fillfactor = 80);
CREATE TABLE read.keyed_{slot} (         -- figures per code or id of an open list
    day    date NOT NULL,
    n      int NOT NULL,
    unit   text COLLATE "C" NOT NULL,
    figure text COLLATE "C" NOT NULL,
    key    text COLLATE "C" NOT NULL,
    PRIMARY KEY (unit, figure, day, key)
) WITH (fillfactor = 80);
CREATE TABLE read.record_{slot} (        -- what is known of a subject whose next event counts by its whole story
    kind  text COLLATE "C" NOT NULL,
    id    text COLLATE "C" NOT NULL,
    known jsonb NOT NULL DEFAULT '{{}}',
    PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);
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
    n            int NOT NULL,
    map          int NOT NULL,
    unit         text COLLATE "C" NOT NULL,
    kind         text COLLATE "C" NOT NULL,
    PRIMARY KEY (map, unit, kind, day, previous_day)
) WITH (fillfactor = 80);
CREATE TABLE read.rollup_keyed_{slot} (
    day    date NOT NULL,
    n      int NOT NULL,
    map    int NOT NULL,
    unit   text COLLATE "C" NOT NULL,
    figure text COLLATE "C" NOT NULL,
    key    text COLLATE "C" NOT NULL,
    PRIMARY KEY (map, unit, figure, day, key)
) WITH (fillfactor = 80);
INSERT INTO read.map_{slot} (map, key, tree_position) VALUES (0, '2025-06-30', 0), (1, '2025-06-30', 0);
"""

# counts: which set of figures the slot holds (``upgrade.COUNTS``).
LIVE = """
ALTER TABLE read.figures_live ADD COLUMN counts int NOT NULL DEFAULT 0;
UPDATE read.figures_live SET slot = '2a', counts = 1
 WHERE NOT EXISTS (SELECT FROM bus.cursors WHERE subscription = 'figures@1' AND position > 0);
"""
VIEW = """
DROP VIEW IF EXISTS read.{name};
CREATE VIEW read.{name} AS
    SELECT * FROM read.{name}_2a WHERE (SELECT slot FROM read.figures_live) = '2a'
    UNION ALL
    SELECT * FROM read.{name}_2b WHERE (SELECT slot FROM read.figures_live) = '2b';
"""


def upgrade() -> None:
    figures = ",\n    ".join(f"{name} int" for name in FIGURES)
    quality = ",\n    ".join(f"{name} int" for name in QUALITY)
    for slot in ("2a", "2b"):
        op.execute(SLOT.format(slot=slot, figures=figures, quality=quality))
    op.execute(LIVE)
    op.execute("DROP VIEW read.team")
    for name in ("leaf", "reach", "keyed", "record", "map", "placement", "rollup", "rollup_reach", "rollup_keyed"):
        op.execute(VIEW.format(name=name))
