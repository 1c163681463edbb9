namespace OrleansScheduler.Cli.Tests;

/// <summary>Answers as a gateway writes them, kept as text so that a change of the wire shows here.</summary>
internal static class Canned
{
    public const string Node = """
        {"description":{"id":"node-1","host":"127.0.0.1","capacity":{"cpuMillis":4000,"memoryMiB":8192,"diskMiB":0,"gpuMillis":0},
         "firstPort":31000,"portCount":1001,"attributes":{"rack":["r1"]},"bootId":"b","agentVersion":"0.1.0","agentId":"",
         "overcommitByUse":false,"diskPressure":false,
          "reserved":{},"custom":{"scalars":{},"sets":{} },"overcommit":1},
         "status":"ready","mode":"none","used":{"cpuMillis":500,"memoryMiB":256,"diskMiB":0,"gpuMillis":0},"tasks":2,"generation":7,
         "isOvercommitted":false,"adopted":[],"diskPressure":false}
        """;

    public const string Nodes = $$"""{"items":[{{Node}}]}""";

    public const string Task = """
        {"job":"shop/prod/web","instance":0,"attempt":2,"status":"RUNNING","node":"node-1","ports":{"http":31007},"version":1,"failures":1,
         "exitCode":3,"since":"2026-01-02T03:04:05Z",
         "history":[{"at":"2026-01-02T03:04:05Z","attempt":2,"status":"RUNNING","node":"node-1"}]}
        """;

    public const string Receipt = """{"jobs":[{"key":"shop/prod/web","version":1,"outcome":"created"}]}""";

    public const string Command = """{"key":"shop/prod/web","instances":3,"message":"Stopping 3 instances."}""";

    public const string Role = """
        {"role":"shop","weight":2,"quota":{"guarantee":{"cpuMillis":2000},"limit":{"cpuMillis":10000,"memoryMiB":65536} },
         "allocated":{"cpuMillis":12000},"consumed":{"cpuMillis":12500},"share":0.25,"waiting":4,"warning":"shop uses more than its limit."}
        """;

    public const string Outlook = """
        {"summary":"2 more instances would wait.","milliseconds":1.5,
         "jobs":[{"job":"shop/prod/web","placedNow":5,"placedThen":3,"waitingNow":0,"waitingThen":2,"preempted":1,
          "groups":[{"version":4,"waiting":2,"request":{"cpuMillis":2000,"memoryMiB":256},
           "reasons":[{"code":"insufficient-cpu","nodes":3,"message":"insufficient cpu"}]}]}],
         "nodes":[{"node":"node-1","tasksNow":5,"tasksThen":0,"usedNow":{"cpuMillis":6000,"memoryMiB":1024},"usedThen":{} }],
         "cell":{"nodesNow":4,"nodesThen":3,"capacityNow":{"cpuMillis":16000,"memoryMiB":4096},
          "capacityThen":{"cpuMillis":12000,"memoryMiB":4096},"usedNow":{"cpuMillis":6000,"memoryMiB":1024},
          "usedThen":{"cpuMillis":6000,"memoryMiB":1024},"waitingNow":0,"waitingThen":2} }
        """;

    public const string JobFile = "job: web\nrole: shop\nenv: prod\ntype: service\ntask: { command: [sleep, '60'] }\n";
}
