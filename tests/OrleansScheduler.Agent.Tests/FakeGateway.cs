using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Status = OrleansScheduler.Contracts.Protocol.Status;

namespace OrleansScheduler.Agent.Tests;

/// <summary>A gateway that writes down what an agent says, and says what a test wants.</summary>
internal sealed class FakeGateway : AgentGateway.AgentGatewayBase, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Report> _latest = new(StringComparer.Ordinal);
    private readonly List<Reports> _reports = [];
    private readonly List<LogData> _logs = [];
    private readonly List<FileData> _files = [];
    private readonly List<ExecData> _execs = [];
    private long _request;
    private WebApplication? _application;
    private Channel<ToAgent>? _toAgent;
    private long _generation;

    public bool Acknowledges { get; set; } = true;

    public Func<Register, ToAgent>? AnswerRegister { get; set; }

    public Func<Heartbeat, HeartbeatReply> AnswerHeartbeat { get; set; } = _ => new() { Known = true, InSync = true };

    public bool IsMute { get; set; }

    public int HeartbeatMillis { get; set; } = 100;

    public int LeaseMillis { get; set; }

    public string[] Reads { get; set; } = ["services", "usage"];

    /// <summary>What there is; whatever else is asked for is said not to exist, but for what is in <see cref="Withheld"/>.</summary>
    public ConcurrentDictionary<string, ServiceState> Known { get; } = new(StringComparer.Ordinal);

    /// <summary>Services about which nothing is said.</summary>
    public ConcurrentDictionary<string, bool> Withheld { get; } = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Followed { get; private set; } = [];

    public string Url { get; private set; } = "";

    public Usage? LastUsage { get; private set; }

    public Register? LastRegister { get; private set; }

    public Heartbeat? LastHeartbeat { get; private set; }

    public int Heartbeats { get; private set; }

    public int Registrations { get; private set; }


    public long Generation => Interlocked.Read(ref _generation);

    public static async Task<FakeGateway> Start()
    {
        var gateway = new FakeGateway();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.ListenLocalhost0());
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(gateway);
        gateway._application = builder.Build();
        gateway._application.MapGrpcService<FakeGateway>();
        await gateway._application.StartAsync();
        gateway.Url = gateway._application.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>()
            .Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return gateway;
    }

    public Report? LatestOf(AttemptId attempt)
    {
        lock (_lock) return _latest.GetValueOrDefault(attempt.ToString());
    }

    public IReadOnlyList<Report> AllOf(AttemptId attempt)
    {
        lock (_lock) return [.. _reports.SelectMany(message => message.Reports_).Where(report =>
            NameOf(report.Attempt) == attempt.ToString())];
    }

    public IReadOnlyList<Reports> AllReports()
    {
        lock (_lock) return [.. _reports];
    }

    public LogData? LogOf(long request)
    {
        lock (_lock) return _logs.Find(data => data.Request == request);
    }

    public async Task<FileData> Ask(ReadFile question)
    {
        question.Request = Interlocked.Increment(ref _request);
        Send(new() { ReadFile = question });
        return await Answer(_files, data => data.Request == question.Request);
    }

    public async Task<ExecData> Ask(ExecCall question)
    {
        question.Request = Interlocked.Increment(ref _request);
        Send(new() { ExecCall = question });
        return await Answer(_execs, data => data.Request == question.Request);
    }

    private async Task<T> Answer<T>(List<T> answers, Predicate<T> isIt)
        where T : class
    {
        T? answer = null;
        await Wait.Until(() =>
        {
            lock (_lock) answer = answers.Find(isIt);
            return answer is not null;
        }, () => $"the agent answers; it registered {Registrations} times and sent {Heartbeats} heartbeats");
        return answer!;
    }

    public async Task<Report> End(AttemptId attempt)
    {
        await Wait.Until(() =>
            LatestOf(attempt) is { Status: Status.Finished or Status.Failed or Status.Killed or Status.Lost }, $"{attempt} ends");
        return LatestOf(attempt)!;
    }

    public Task Reaches(AttemptId attempt, Status status) =>
        Wait.Until(() => LatestOf(attempt)?.Status == status, $"{attempt} is {status}");

    public void Send(ToAgent message) => Assert.True(_toAgent!.Writer.TryWrite(message));

    public Task Connected(int times = 1) => Wait.Until(() => Registrations >= times && _toAgent is not null, $"registration {times}");

    public void Launch(AttemptId attempt, TaskSpec spec, int[]? ports = null, long epoch = 1, long? generation = null) =>
        Send(Commands.Launch(attempt.Job, epoch, generation ?? Generation, spec, [(attempt, ports ?? [])]));

    public void LaunchStrict(AttemptId attempt, TaskSpec spec)
    {
        var message = Commands.Launch(attempt.Job, 1, Generation, spec, [(attempt, [])]);
        message.Commands.Launches[0].Attempts[0].Strict = true;
        Send(message);
    }

    public void Kill(AttemptId attempt, long epoch = 1) => Send(new()
    {
        Commands = new()
        {
            Generation = Generation,
            Kills = { new Kill { Job = attempt.Job.ToString(), LedgerEpoch = epoch,
                Attempts = { new KillAttempt { Instance = attempt.Instance, Number = attempt.Number } } } },
        },
    });

    public override async Task Connect(IAsyncStreamReader<FromAgent> requestStream, IServerStreamWriter<ToAgent> responseStream,
        ServerCallContext context)
    {
        Assert.True(await requestStream.MoveNext(context.CancellationToken));
        var register = requestStream.Current.Register;
        var answer = AnswerRegister?.Invoke(register)
            ?? new()
            {
                Registered = new()
                {
                    Generation = Interlocked.Increment(ref _generation),
                    HeartbeatMillis = HeartbeatMillis,
                    LeaseMillis = LeaseMillis,
                    Reads = { Reads },
                }
            };
        Note(register.Attempts);
        if (Acknowledges) answer.Registered?.Acks.AddRange(register.Attempts.Select(AckOf));
        await responseStream.WriteAsync(answer);
        var toAgent = Channel.CreateUnbounded<ToAgent>();
        _toAgent = toAgent;
        LastRegister = register;
        Registrations++;
        if (answer.Refused is not null) return;
        var writing = Write(toAgent, responseStream);
        await Task.WhenAny(writing, Listen(requestStream, toAgent.Writer, context.CancellationToken));
        toAgent.Writer.TryComplete();
        await writing;
    }

    /// <summary>Has a service be as said from now on, and tells the agent.</summary>
    public void Say(string service, params (int Instance, string Host, string Port, int Number)[] endpoints)
    {
        Known[service] = new()
        {
            Service = service,
            Exists = true,
            Endpoints =
            {
                endpoints.Select(one => new Contracts.Protocol.ServiceEndpoint
                {
                    Instance = one.Instance,
                    Attempt = 1,
                    Host = one.Host,
                    Ports = { [one.Port] = one.Number },
                }),
            },
        };
        if (Followed.Contains(service)) _toAgent!.Writer.TryWrite(new() { Services = new() { Services_ = { StateOf(service) } } });
    }

    private ServiceState StateOf(string service) => Known.GetValueOrDefault(service) ?? new() { Service = service };

    public void Break() => _toAgent!.Writer.TryComplete(new IOException("the test cuts the stream"));

    public async ValueTask DisposeAsync()
    {
        if (_application is not { } application) return;
        _application = null;
        _toAgent?.Writer.TryComplete(new IOException("the test is over"));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await application.StopAsync(patience.Token);
        await application.DisposeAsync();
    }

    public static string NameOf(Contracts.Protocol.Attempt attempt) => $"{attempt.Job}/{attempt.Instance}#{attempt.Number}";

    private static async Task Write(Channel<ToAgent> toAgent, IServerStreamWriter<ToAgent> stream)
    {
        await foreach (var message in toAgent.Reader.ReadAllAsync()) await stream.WriteAsync(message);
    }

    private static Ack AckOf(Report report) => new() { Attempt = report.Attempt, Sequence = report.Sequence };

    private async Task Listen(IAsyncStreamReader<FromAgent> stream, ChannelWriter<ToAgent> answers, CancellationToken cancellationToken)
    {
        try
        {
            while (await stream.MoveNext(cancellationToken))
            {
                if (!IsMute) Take(stream.Current, answers);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or RpcException)
        {
            // The agent is gone.
        }
    }

    private void Take(FromAgent message, ChannelWriter<ToAgent> answers)
    {
        switch (message)
        {
            case { Heartbeat: { } heartbeat }:
                LastHeartbeat = heartbeat;
                Heartbeats++;
                var reply = AnswerHeartbeat(heartbeat);
                (reply.LeaseMillis, reply.SentMillis) = (LeaseMillis, heartbeat.SentMillis);
                answers.TryWrite(new() { HeartbeatReply = reply });
                break;
            case { Reports: { } reports }:
                lock (_lock) _reports.Add(reports);
                Note(reports.Reports_);
                var acks = new Acks();
                if (Acknowledges) acks.Acks_.AddRange(reports.Reports_.Select(AckOf));
                answers.TryWrite(new() { Acks = acks });
                break;
            case { FollowServices: { } follow }:
                Followed = [.. follow.Services];
                foreach (var name in follow.Services.Where(name => !Withheld.ContainsKey(name)))
                    answers.TryWrite(new() { Services = new() { Services_ = { StateOf(name) } } });
                break;
            case { Usage: { } usage }:
                LastUsage = usage;
                break;
            case { LogData: { } data }:
                lock (_lock) _logs.Add(data);
                break;
            case { FileData: { } file }:
                lock (_lock) _files.Add(file);
                break;
            case { ExecData: { } exec }:
                lock (_lock) _execs.Add(exec);
                break;
        }
    }

    private void Note(IEnumerable<Report> reports)
    {
        lock (_lock)
        {
            foreach (var report in reports)
            {
                var name = NameOf(report.Attempt);
                if (_latest.TryGetValue(name, out var before)) Assert.True(report.Sequence >= before.Sequence,
                    $"{name} went back from {before} to {report}");
                _latest[name] = report;
            }
        }
    }
}

internal static class Kestrel
{
    public static void ListenLocalhost0(this KestrelServerOptions kestrel) =>
        kestrel.Listen(System.Net.IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);

    extension(Commands)
    {
        public static ToAgent Launch(JobKey job, long epoch, long generation, TaskSpec spec,
            IEnumerable<(AttemptId Id, int[] Ports)> attempts) => new()
            {
                Commands = new()
                {
                    Generation = generation,
                    Launches =
                {
                    new Launch
                    {
                        Job = job.ToString(),
                        LedgerEpoch = epoch,
                        Specs = { [1] = JsonSerializer.Serialize(spec, WireJson.Options) },
                        Attempts =
                        {
                            from attempt in attempts
                            select new LaunchAttempt
                            {
                                Instance = attempt.Id.Instance, Number = attempt.Id.Number, Version = 1, Ports = { attempt.Ports },
                            },
                        },
                    },
                },
                },
            };
    }
}
