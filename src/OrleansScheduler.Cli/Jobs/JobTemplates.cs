namespace OrleansScheduler.Cli;

/// <summary>The job files that <c>osched job init</c> writes. Each runs as it is on a machine that has a shell.</summary>
internal static class JobTemplates
{
    private const string Service = """
        # A service: runs for ever, an instance that ends is replaced.
        job: hello
        role: me
        env: devel
        type: service
        instances: 2
        task:
          command: 'while true; do echo "$GREETING from instance $OSCHED_INSTANCE"; sleep 5; done'
          env: { GREETING: hello }
          resources: { cpu: 0.1, memory: 32MiB }
          # resources may also ask for ports: [http]; each becomes PORT_<NAME> in the environment, and health can be asked for on it:
          # health: { http: { port: http, path: / }, interval: 5s }
        update: { batch: 1, watch: 5s }

        """;

    private const string Batch = """
        # A batch job: every instance runs to its end; one that fails is retried.
        job: crunch
        role: me
        env: devel
        type: batch
        instances: 10
        task:
          command: 'echo "working on part $OSCHED_INSTANCE"; sleep 1'
          resources: { cpu: 0.1, memory: 32MiB }
        retry: { max-failures: 3, backoff: { initial: 1s, max: 30s } }

        """;

    /// <summary>The template of a type of job.</summary>
    public static string Of(string type) => type == "batch" ? Batch : Service;
}
