-- What the Orleans ADO.NET providers expect of a PostgreSQL database: tables, and the statements they run, by key, in OrleansQuery.
-- Applying it again changes nothing but the statements. It also fits over tables that were made by other scripts for the same providers.

CREATE TABLE IF NOT EXISTS orleansquery (
    querykey  varchar(64) PRIMARY KEY,
    querytext varchar(8000) NOT NULL
);

-- Grain state ---------------------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS orleansstorage (
    grainidhash            integer NOT NULL,
    grainidn0              bigint NOT NULL,
    grainidn1              bigint NOT NULL,
    graintypehash          integer NOT NULL,
    graintypestring        varchar(512) NOT NULL,
    grainidextensionstring varchar(512),
    serviceid              varchar(150) NOT NULL,
    payloadbinary          bytea,
    modifiedon             timestamp NOT NULL,
    version                integer
);

-- Payloads are opaque bytes: compressing them costs time and gains little.
ALTER TABLE orleansstorage ALTER COLUMN payloadbinary SET STORAGE EXTERNAL;

-- Of two writers that create the same row exactly one may win: journals are fenced by it. A check before the insert does not give that.
CREATE UNIQUE INDEX IF NOT EXISTS orleansstorage_one_row_per_state ON orleansstorage
    (grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, serviceid, (coalesce(grainidextensionstring, '')));

-- Answers the version asked for when nothing was written; the provider takes that as a conflict.
INSERT INTO orleansquery (querykey, querytext) VALUES ('WriteToStorageKey', $query$
    WITH replaced AS (
        UPDATE orleansstorage
        SET payloadbinary = @PayloadBinary, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
        WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1
            AND graintypestring = @GrainTypeString AND serviceid = @ServiceId
            AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString::varchar, '')
            AND version = @GrainStateVersion::integer
        RETURNING version
    ), created AS (
        INSERT INTO orleansstorage (grainidhash, grainidn0, grainidn1, graintypehash, graintypestring, grainidextensionstring, serviceid,
            payloadbinary, modifiedon, version)
        SELECT @GrainIdHash, @GrainIdN0, @GrainIdN1, @GrainTypeHash, @GrainTypeString, @GrainIdExtensionString::varchar, @ServiceId,
            @PayloadBinary, now() AT TIME ZONE 'utc', 1
        WHERE @GrainStateVersion::integer IS NULL
        ON CONFLICT DO NOTHING
        RETURNING version
    )
    SELECT coalesce((SELECT version FROM replaced), (SELECT version FROM created), @GrainStateVersion::integer) AS NewGrainStateVersion
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('ReadFromStorageKey', $query$
    SELECT payloadbinary AS PayloadBinary, version AS Version
    FROM orleansstorage
    WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1
        AND graintypestring = @GrainTypeString AND serviceid = @ServiceId
        AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString::varchar, '')
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('ClearStorageKey', $query$
    UPDATE orleansstorage
    SET payloadbinary = NULL, modifiedon = now() AT TIME ZONE 'utc', version = version + 1
    WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1
        AND graintypestring = @GrainTypeString AND serviceid = @ServiceId
        AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString::varchar, '')
        AND version = @GrainStateVersion::integer
    RETURNING version AS NewGrainStateVersion
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('DeleteStorageKey', $query$
    DELETE FROM orleansstorage
    WHERE grainidhash = @GrainIdHash AND graintypehash = @GrainTypeHash AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1
        AND graintypestring = @GrainTypeString AND serviceid = @ServiceId
        AND coalesce(grainidextensionstring, '') = coalesce(@GrainIdExtensionString::varchar, '')
        AND version = @GrainStateVersion::integer
    RETURNING version + 1 AS NewGrainStateVersion
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- Membership ----------------------------------------------------------------------------------------------------------------------------
-- Every change of a silo's row goes through the version row of its cluster: whoever holds that row's lock is the only one to change
-- anything.

CREATE TABLE IF NOT EXISTS orleansmembershipversiontable (
    deploymentid varchar(150) PRIMARY KEY,
    timestamp    timestamptz(3) NOT NULL DEFAULT now(),
    version      integer NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS orleansmembershiptable (
    deploymentid varchar(150) NOT NULL REFERENCES orleansmembershipversiontable,
    address      varchar(45) NOT NULL,
    port         integer NOT NULL,
    generation   integer NOT NULL,
    siloname     varchar(150) NOT NULL,
    hostname     varchar(150) NOT NULL,
    status       integer NOT NULL,
    proxyport    integer,
    suspecttimes varchar(8000),
    starttime    timestamptz(3) NOT NULL,
    iamalivetime timestamptz(3) NOT NULL,
    PRIMARY KEY (deploymentid, address, port, generation)
);

INSERT INTO orleansquery (querykey, querytext) VALUES ('InsertMembershipVersionKey', $query$
    WITH added AS (
        INSERT INTO orleansmembershipversiontable (deploymentid) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT count(*)::integer FROM added
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('InsertMembershipKey', $query$
    WITH bumped AS (
        UPDATE orleansmembershipversiontable
        SET version = version + 1, timestamp = now()
        WHERE deploymentid = @DeploymentId AND version = @Version AND NOT EXISTS (
            SELECT 1 FROM orleansmembershiptable
            WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deploymentid
    ), added AS (
        INSERT INTO orleansmembershiptable
            (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
        SELECT deploymentid, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime
        FROM bumped
        RETURNING 1
    )
    SELECT count(*)::integer FROM added
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('UpdateMembershipKey', $query$
    WITH bumped AS (
        UPDATE orleansmembershipversiontable
        SET version = version + 1, timestamp = now()
        WHERE deploymentid = @DeploymentId AND version = @Version AND EXISTS (
            SELECT 1 FROM orleansmembershiptable
            WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation)
        RETURNING deploymentid
    ), changed AS (
        UPDATE orleansmembershiptable AS silo
        SET status = @Status, suspecttimes = @SuspectTimes::varchar, iamalivetime = @IAmAliveTime
        FROM bumped
        WHERE silo.deploymentid = bumped.deploymentid AND address = @Address AND port = @Port AND generation = @Generation
        RETURNING 1
    )
    SELECT count(*)::integer FROM changed
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('UpdateIAmAlivetimeKey', $query$
    UPDATE orleansmembershiptable
    SET iamalivetime = @IAmAliveTime
    WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- The version comes back even when there is no silo.
INSERT INTO orleansquery (querykey, querytext) VALUES ('MembershipReadRowKey', $query$
    SELECT cluster.deploymentid AS DeploymentId, silo.address AS Address, silo.port AS Port, silo.generation AS Generation,
        silo.siloname AS SiloName, silo.hostname AS HostName, silo.status AS Status, silo.proxyport AS ProxyPort,
        silo.suspecttimes AS SuspectTimes, silo.starttime AS StartTime, silo.iamalivetime AS IAmAliveTime, cluster.version AS Version
    FROM orleansmembershipversiontable AS cluster
    LEFT JOIN orleansmembershiptable AS silo ON silo.deploymentid = cluster.deploymentid
        AND silo.address = @Address AND silo.port = @Port AND silo.generation = @Generation
    WHERE cluster.deploymentid = @DeploymentId
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('MembershipReadAllKey', $query$
    SELECT cluster.deploymentid AS DeploymentId, silo.address AS Address, silo.port AS Port, silo.generation AS Generation,
        silo.siloname AS SiloName, silo.hostname AS HostName, silo.status AS Status, silo.proxyport AS ProxyPort,
        silo.suspecttimes AS SuspectTimes, silo.starttime AS StartTime, silo.iamalivetime AS IAmAliveTime, cluster.version AS Version
    FROM orleansmembershipversiontable AS cluster
    LEFT JOIN orleansmembershiptable AS silo ON silo.deploymentid = cluster.deploymentid
    WHERE cluster.deploymentid = @DeploymentId
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('GatewaysQueryKey', $query$
    SELECT address AS Address, proxyport AS ProxyPort, generation AS Generation
    FROM orleansmembershiptable
    WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- Status 3 is an active silo: its row stays however old its sign of life is.
INSERT INTO orleansquery (querykey, querytext) VALUES ('CleanupDefunctSiloEntriesKey', $query$
    DELETE FROM orleansmembershiptable WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime AND status <> 3
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('DeleteMembershipTableEntriesKey', $query$
    DELETE FROM orleansmembershiptable WHERE deploymentid = @DeploymentId;
    DELETE FROM orleansmembershipversiontable WHERE deploymentid = @DeploymentId
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- Reminders -----------------------------------------------------------------------------------------------------------------------------

CREATE TABLE IF NOT EXISTS orleansreminderstable (
    serviceid    varchar(150) NOT NULL,
    grainid      varchar(150) NOT NULL,
    remindername varchar(150) NOT NULL,
    starttime    timestamptz(3) NOT NULL,
    period       bigint NOT NULL,
    grainhash    integer NOT NULL,
    version      integer NOT NULL,
    PRIMARY KEY (serviceid, grainid, remindername)
);

CREATE INDEX IF NOT EXISTS orleansreminderstable_by_hash ON orleansreminderstable (serviceid, grainhash);

INSERT INTO orleansquery (querykey, querytext) VALUES ('UpsertReminderRowKey', $query$
    INSERT INTO orleansreminderstable AS reminder (serviceid, grainid, remindername, starttime, period, grainhash, version)
    VALUES (@ServiceId, @GrainId, @ReminderName, @StartTime, @Period, @GrainHash, 0)
    ON CONFLICT (serviceid, grainid, remindername) DO UPDATE
        SET starttime = excluded.starttime, period = excluded.period, grainhash = excluded.grainhash, version = reminder.version + 1
    RETURNING reminder.version AS Version
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('ReadReminderRowKey', $query$
    SELECT grainid AS GrainId, remindername AS ReminderName, starttime AS StartTime, period AS Period, version AS Version
    FROM orleansreminderstable WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('ReadReminderRowsKey', $query$
    SELECT grainid AS GrainId, remindername AS ReminderName, starttime AS StartTime, period AS Period, version AS Version
    FROM orleansreminderstable WHERE serviceid = @ServiceId AND grainid = @GrainId
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- A range of the ring of hashes: up to its end, or around the top of the ring.
INSERT INTO orleansquery (querykey, querytext) VALUES ('ReadRangeRows1Key', $query$
    SELECT grainid AS GrainId, remindername AS ReminderName, starttime AS StartTime, period AS Period, version AS Version
    FROM orleansreminderstable WHERE serviceid = @ServiceId AND grainhash > @BeginHash AND grainhash <= @EndHash
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('ReadRangeRows2Key', $query$
    SELECT grainid AS GrainId, remindername AS ReminderName, starttime AS StartTime, period AS Period, version AS Version
    FROM orleansreminderstable WHERE serviceid = @ServiceId AND (grainhash > @BeginHash OR grainhash <= @EndHash)
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('DeleteReminderRowKey', $query$
    WITH gone AS (
        DELETE FROM orleansreminderstable
        WHERE serviceid = @ServiceId AND grainid = @GrainId AND remindername = @ReminderName AND version = @Version
        RETURNING 1
    )
    SELECT count(*)::integer FROM gone
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

INSERT INTO orleansquery (querykey, querytext) VALUES ('DeleteReminderRowsKey', $query$
    DELETE FROM orleansreminderstable WHERE serviceid = @ServiceId
$query$) ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;
