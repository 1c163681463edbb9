using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <summary>Asks tasks whether they are well. One for the agent: however many tasks there are, a bounded number is asked at a
/// time.</summary>
internal sealed class HealthProber(ShimProgram shim, IEnumerable<ITaskDriver> drivers, TimeProvider time) : IDisposable
{
    private const int MostAtOnce = 64;
    private readonly SemaphoreSlim _turns = new(MostAtOnce);
    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,

        // What answers is on this machine, at a port that the task was given. Its certificate is for those who come from elsewhere.
#pragma warning disable CA5359
        SslOptions = new() { RemoteCertificateValidationCallback = (_, _, _, _) => true },
#pragma warning restore CA5359
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Asks once.</summary>
    /// <returns>Null when it is well, else why it is not.</returns>
    public async Task<string?> Ask(Attempt attempt, TaskEnvironment environment, HealthSpec health, CancellationToken cancellationToken)
    {
        await _turns.WaitAsync(cancellationToken);
        using var limit = new CancellationTokenSource(health.Timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return health.Probe switch
            {
                HealthProbe.Http probe => await AskHttp("http", attempt.PortOf(probe.Port), probe.Path, both.Token),
                HealthProbe.Https probe => await AskHttp("https", attempt.PortOf(probe.Port), probe.Path, both.Token),
                HealthProbe.Grpc probe => await GrpcHealth.Ask(attempt.PortOf(probe.Port), probe.Service, both.Token),
                HealthProbe.Tcp probe => await AskTcp(attempt.PortOf(probe.Port), both.Token),
                HealthProbe.Command probe => await AskCommand(attempt, environment, probe.Arguments, both.Token),
                _ => throw new InvariantException($"no probe {health.Probe.GetType().Name}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"no answer within {health.Timeout.TotalSeconds.ToString(CultureInfo.InvariantCulture)} s";
        }
        catch (TaskStartException e)
        {
            return $"its command could not be run: {e.Message}";
        }
        catch (Win32Exception e)
        {
            return $"its command could not be started: {e.Message}";
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Whether something listens on a port of this machine.</summary>
    public static async Task<bool> IsListening(int port, CancellationToken cancellationToken)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>POSTs to a task, asking it to shut down.</summary>
    /// <returns>Whether it may have heard; what it does then is seen.</returns>
    public async Task<bool> Post(int port, string path, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            using var request = Request(HttpMethod.Post, "http", port, path);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, both.Token);
            return (int)response.StatusCode < 400;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UriFormatException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // A task that ends in the middle of its answer has heard; one that takes no connections has not.
            return e is not HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } and not UriFormatException;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _turns.Dispose();
    }

    private async Task<string?> AskHttp(string scheme, int? port, string path, CancellationToken cancellationToken)
    {
        if (port is not { } number) return "the task has no such port";
        try
        {
            using var request = Request(HttpMethod.Get, scheme, number, path);
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return status is >= 200 and < 400 ? null : $"GET {path} answered {status}";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or UriFormatException)
        {
            return $"GET {path} failed: {e.Message}";
        }
    }

    // A new connection each time: a task that no longer accepts any is not well.
    private static HttpRequestMessage Request(HttpMethod method, string scheme, int port, string path) =>
        new(method, new Uri($"{scheme}://127.0.0.1:{port}{path}")) { Headers = { ConnectionClose = true } };

    private static async Task<string?> AskTcp(int? port, CancellationToken cancellationToken)
    {
        if (port is not { } number) return "the task has no such port";
        return await IsListening(number, cancellationToken) ? null : $"nothing listens on port {number}";
    }

    private async Task<string?> AskCommand(
        Attempt attempt, TaskEnvironment environment, ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        command = [.. command.Select(environment.Substitute)];
        if (drivers.FirstOrDefault(driver => driver.Name == attempt.Spec!.Driver) is { } driver
            && await driver.Run(attempt, command, cancellationToken) is { } code)
            return code == 0 ? null : $"its command exited with {code}";
        // Beside the task and kept apart as it is.
        var start = new ProcessStartInfo(
            shim.Path,
            [.. shim.Arguments, "enter", attempt.Directory.Root, "/bin/sh", "-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "health",
                .. command.Select(environment.Substitute)])
        {
            UseShellExecute = false,
            WorkingDirectory = "/",
        };
        start.Environment.Clear();
        using var process = Process.Start(start)!;
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0 ? null : $"its command exited with {process.ExitCode}";
        }
        finally
        {
            if (!process.HasExited)
            {
                Descendants.Kill(process.Id);
                process.Kill();
            }
        }
    }
}
