using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Docker.DotNet;
using Docker.DotNet.Models;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Why an engine did not do what it was asked.</summary>
internal enum EngineFailure
{
    /// <summary>It cannot be reached, or does not answer in time.</summary>
    Unreachable,

    /// <summary>It has nothing of that name.</summary>
    NotFound,

    /// <summary>It has something in the way.</summary>
    Conflict,

    /// <summary>It will not or cannot.</summary>
    Refused,
}

/// <summary>An engine did not do what it was asked; the message is the engine's.</summary>
internal sealed class EngineException(EngineFailure failure, string message, Exception? inner = null) : Exception(message, inner)
{
    public EngineFailure Failure { get; } = failure;
}

/// <summary>A container engine that speaks the API of Docker over a socket of this machine. Every call has a time in which it must
/// answer.</summary>
internal sealed partial class ContainerEngine : IDisposable
{
    private static readonly string[] UsualSockets = ["/var/run/docker.sock", "/run/podman/podman.sock"];
    private static readonly TimeSpan Quick = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Slow = TimeSpan.FromMinutes(1);
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;
    private readonly TimeProvider _time;
    private readonly DockerClientConfiguration? _configuration;
    private readonly DockerClient? _client;

    public ContainerEngine(IOptions<AgentOptions> options, TimeProvider time)
    {
        _time = time;
        (Socket, Missing) = Find(options.Value.Container.Socket);
        if (Socket is null) return;
        _configuration = new(new Uri("unix://" + Socket), credentials: null, defaultTimeout: Timeout.InfiniteTimeSpan);
        _client = _configuration.CreateClient();
    }

    /// <summary>The engine's socket; null when the node has none.</summary>
    public string? Socket { get; }

    /// <summary>Why there is none; null when there is one.</summary>
    public string? Missing { get; }

    /// <summary>Whether an engine accepts connections now.</summary>
    public static bool IsOffered(ContainerOptions options)
    {
        if (Find(options.Socket).Socket is not { } path) return false;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>
    /// Why processes of its containers are not to be seen from here, as far as that can be told before there is one; null when they are.
    /// </summary>
    /// <exception cref="EngineException">It does not answer.</exception>
    public async Task<string?> WhyElsewhere(CancellationToken cancellationToken)
    {
        var info = await Ask("info", Quick, (client, token) => client.System.GetSystemInfoAsync(token), cancellationToken);
        var own = (await File.ReadAllTextAsync("/proc/sys/kernel/osrelease", cancellationToken)).Trim();
        if (info.KernelVersion != own) return $"it runs on another kernel ({info.KernelVersion}) than the node ({own})";
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        Span<byte> peer = stackalloc byte[12];
        socket.Connect(new UnixDomainSocketEndPoint(Socket!));
        socket.GetRawSocketOption(SocketLevel, PeerCredentials, peer);

        // The number of whoever listens, as this process would see it.
        return BitConverter.ToInt32(peer) == 0 ? "the agent does not see its processes, as if the agent were in a container itself" : null;
    }

    /// <summary>A container.</summary>
    /// <exception cref="EngineException">It is not there, or the engine does not answer.</exception>
    public Task<ContainerInspectResponse> Inspect(string name, CancellationToken cancellationToken) =>
        Ask("inspect", Quick, (client, token) => client.Containers.InspectContainerAsync(name, token), cancellationToken);

    /// <summary>An image; null when the engine has none of that name.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task<ImageInspectResponse?> Image(string name, CancellationToken cancellationToken)
    {
        try
        {
            return await Ask("inspect an image", Quick, (client, token) => client.Images.InspectImageAsync(name, token), cancellationToken);
        }
        catch (EngineException e) when (e.Failure == EngineFailure.NotFound)
        {
            return null;
        }
    }

    /// <summary>Pulls an image from its registry.</summary>
    /// <exception cref="EngineException">It cannot be had.</exception>
    public Task Pull(string name, TimeSpan patience, CancellationToken cancellationToken) => Progressing(
        patience, (client, progress, token) =>
            client.Images.CreateImageAsync(new() { FromImage = name }, authConfig: null, progress, token),
        cancellationToken);

    /// <summary>Loads an image out of an archive as <c>docker save</c> writes them.</summary>
    /// <exception cref="EngineException">The engine does not take it.</exception>
    public Task Load(Stream archive, TimeSpan patience, CancellationToken cancellationToken) => Progressing(
        patience, (client, progress, token) =>
            client.Images.LoadImageAsync(new() { Quiet = true }, archive, progress, token), cancellationToken);

    /// <summary>Makes a container; it is not started.</summary>
    /// <returns>Its id.</returns>
    /// <exception cref="EngineException">It cannot be made; a conflict when there is one of that name.</exception>
    public async Task<string> Create(CreateContainerParameters container, CancellationToken cancellationToken) => (await Ask(
        "create", Slow, (client, token) => client.Containers.CreateContainerAsync(container, token), cancellationToken)).ID;

    /// <summary>Starts a container.</summary>
    /// <exception cref="EngineException">It cannot be started.</exception>
    public Task Start(string name, CancellationToken cancellationToken) =>
        Ask("start", Slow, (client, token) => client.Containers.StartContainerAsync(name, new(), token), cancellationToken);

    /// <summary>Waits until a container does not run, or for a while; the outcome is for the caller to ask.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task WaitFor(string name, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            await Ask("wait", Timeout.InfiniteTimeSpan, (client, token) => client.Containers.WaitContainerAsync(name, token), both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Long enough for one look.
        }
    }

    /// <summary>Sends a signal to the main process of a container; false when it does not run.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task<bool> Signal(string name, int signal, CancellationToken cancellationToken)
    {
        var text = signal.ToString(CultureInfo.InvariantCulture);
        try
        {
            await Ask("kill", Quick, async (client, token) =>
            {
                await client.Containers.KillContainerAsync(name, new() { Signal = text }, token);
                return true;
            }, cancellationToken);
            return true;
        }
        catch (EngineException e) when (e.Failure != EngineFailure.Unreachable)
        {
            return false;
        }
    }

    /// <summary>Removes a container with all that belongs to it alone, running or not.</summary>
    /// <exception cref="EngineException">It cannot be removed.</exception>
    public async Task Remove(string name, CancellationToken cancellationToken)
    {
        try
        {
            await Ask("remove", Slow, async (client, token) =>
            {
                await client.Containers.RemoveContainerAsync(name, new() { Force = true, RemoveVolumes = true }, token);
                return true;
            }, cancellationToken);
        }
        catch (EngineException e) when (e.Failure == EngineFailure.NotFound)
        {
            // That is what is wanted.
        }
    }

    /// <summary>Output of a container, each piece with its time in front, in the engine's framing.</summary>
    /// <param name="name">The container.</param>
    /// <param name="since">Leaves out what is older, in seconds; null for everything.</param>
    /// <param name="follow">Whether it goes on until the container ends.</param>
    /// <param name="cancellationToken">Ends the call, not what was returned.</param>
    /// <exception cref="EngineException">The engine does not answer.</exception>
#pragma warning disable CS0618 // The other overload hides where one piece of output ends and the next begins.
    public Task<Stream> Output(string name, long? since, bool follow, CancellationToken cancellationToken) =>
        Ask("logs", Quick, (client, token) =>
        client.Containers.GetContainerLogsAsync(
            name,
            new ContainerLogsParameters
            {
                ShowStdout = true,
                ShowStderr = true,
                Timestamps = true,
                Follow = follow,
                Since = since?.ToString(CultureInfo.InvariantCulture),
            },
            token), cancellationToken);
#pragma warning restore CS0618

    /// <summary>Names of containers with a label, and the value of another label.</summary>
    /// <exception cref="EngineException">The engine does not answer.</exception>
    public async Task<ImmutableArray<string>> Labelled(string label, string value, CancellationToken cancellationToken)
    {
        var found = await Ask("list", Quick, (client, token) => client.Containers.ListContainersAsync(
            new()
            {
                All = true,
                Filters = new Dictionary<string, IDictionary<string, bool>>
                {
                    ["label"] = new Dictionary<string, bool> { [$"{label}={value}"] = true },
                },
            }, token), cancellationToken);
        return [.. found.SelectMany(container => container.Names).Select(name => name.TrimStart('/'))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _client?.Dispose();
        _configuration?.Dispose();
    }

    private async Task Progressing(
        TimeSpan patience, Func<DockerClient, IProgress<JSONMessage>, CancellationToken, Task> act, CancellationToken cancellationToken)
    {
        var errors = new LastError();
        await Ask("images", patience, async (client, token) =>
        {
            await act(client, errors, token);
            return true;
        }, cancellationToken);
        if (errors.Message is { } message) throw new EngineException(EngineFailure.Refused, message);
    }

    private async Task<T> Ask<T>(string what, TimeSpan patience, Func<DockerClient, CancellationToken, Task<T>> call,
        CancellationToken cancellationToken)
    {
        if (_client is null) throw new EngineException(EngineFailure.Unreachable, Missing!);
        using var limit = new CancellationTokenSource(patience, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await call(_client, both.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            var seconds = patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);
            throw new EngineException(EngineFailure.Unreachable, $"the container engine did not answer '{what}' within {seconds} s", e);
        }
        catch (DockerApiException e)
        {
            throw new EngineException(
                e.StatusCode switch
                {
                    HttpStatusCode.NotFound => EngineFailure.NotFound,
                    HttpStatusCode.Conflict => EngineFailure.Conflict,
                    _ => EngineFailure.Refused,
                }, MessageOf(e), e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException or TimeoutException
            or ObjectDisposedException)
        {
            throw new EngineException(EngineFailure.Unreachable, $"the container engine cannot be reached: {e.Message}", e);
        }
    }

    private static string MessageOf(DockerApiException e)
    {
        try
        {
            using var body = JsonDocument.Parse(e.ResponseBody ?? "");
            return ImageConfig.Text(body.RootElement, "message") ?? e.Message;
        }
        catch (JsonException)
        {
            return e.ResponseBody is { Length: > 0 } text ? text.Trim() : e.Message;
        }
    }

    private static (string? Socket, string? Missing) Find(string? setting) => setting switch
    {
        "none" => (null, "Agent:Container:Socket says none"),
        null or "" => Array.Find(UsualSockets, File.Exists) is { } found ? (found, null)
            : (null, "no socket of a container engine was found"),
        _ => (setting, null),
    };

    private sealed class LastError : IProgress<JSONMessage>
    {
        public string? Message { get; private set; }

        public void Report(JSONMessage value) => Message = value.Error?.Message ?? value.ErrorMessage ?? Message;
    }
}
