using System.Security.Cryptography;
using System.Text.Json;

namespace OrleansScheduler.Client;

/// <summary>Carries requests to the gateway and sends them again, a bounded number of times, when that is safe and may help.</summary>
internal sealed class GatewayTransport : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http;
    private readonly SchedulerClientOptions _options;

    public GatewayTransport(SchedulerClientOptions options, HttpMessageHandler? handler)
    {
        _options = options;
        _http = new(handler ?? new SocketsHttpHandler { ConnectTimeout = ConnectTimeout, UseCookies = false }, disposeHandler: true)
        {
            BaseAddress = new(options.Gateway.AbsoluteUri.TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Uri Gateway => _options.Gateway;

    public SchedulerClientOptions Options => _options;

    public void Dispose() => _http.Dispose();

    /// <summary>Asks and reads the whole answer as JSON.</summary>
    public Task<Answer<T>> SendAsync<T>(GatewayRequest request, CancellationToken cancellationToken) =>
        SendAsync(
            request,
            async (response, token) =>
            {
                await using var body = await response.Content.ReadAsStreamAsync(token);
                return await JsonSerializer.DeserializeAsync<T>(body, WireJson.Options, token)
                    ?? throw new JsonException("the body is null");
            },
            cancellationToken);

    /// <summary>Asks, reads the answer as <paramref name="read"/> says, and asks again after a failure that may pass.</summary>
    public async Task<Answer<T>> SendAsync<T>(
        GatewayRequest request, Func<HttpResponseMessage, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        var mayBeDone = false;
        for (var attempt = 1; ; attempt++)
        {
            var failure = new Failure();
            using (var deadline = new CancellationTokenSource(_options.RequestTimeout, _options.Time))
            using (var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken))
            {
                try
                {
                    using var response = await OpenAsync(request, either.Token);
                    if (response.IsSuccessStatusCode) return await read(response, either.Token);
                    var problem = await ProblemReader.ReadAsync(response, request.OperationId is not null, either.Token);
                    failure = new(problem, response.Headers.RetryAfter?.Delta);
                }
                catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
                {
                    failure = new(Describe(e), null);
                }
                catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
                {
                    var waited = $"The gateway at {Gateway} did not answer within {_options.RequestTimeout.TotalSeconds:0} s.";
                    failure = new(Problem.Of(ProblemKind.OutcomeUnknown, "gateway-timeout", waited), null);
                }
            }

            mayBeDone |= failure.Problem!.Kind == ProblemKind.OutcomeUnknown;
            if (attempt >= _options.Attempts || !MayPass(failure.Problem)) return Final(request, failure.Problem, mayBeDone);
            var delay = DelayBefore(attempt, failure.RetryAfter);
            _options.Waiting?.Invoke(failure.Problem, delay);
            await Task.Delay(delay, _options.Time, cancellationToken);
        }
    }

    /// <summary>One attempt; the caller reads the body.</summary>
    public async Task<HttpResponseMessage> OpenAsync(GatewayRequest request, CancellationToken cancellationToken)
    {
        using var message = request.ToMessage();
        return await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    /// <summary>
    /// The wait after <paramref name="failures"/> failures in a row. What a gateway asks for it asks of many, so each comes a little later,
    /// at a random time.
    /// </summary>
    public TimeSpan DelayBefore(int failures, TimeSpan? asked)
    {
        var delay = _options.FirstDelay * Math.Pow(2, Math.Min(failures - 1, 16));
        if (delay > _options.MaxDelay) delay = _options.MaxDelay;
        if (asked is not { } least || least <= delay) return delay;
        if (least > _options.MaxRetryAfter) least = _options.MaxRetryAfter;
        return least + (_options.FirstDelay * (RandomNumberGenerator.GetInt32(1000) / 1000.0));
    }

    /// <summary>What a broken connection or an unreadable answer means.</summary>
    public Problem Describe(Exception failure) => failure switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } e =>
            Problem.Of(
                ProblemKind.Unavailable, "gateway-unreachable", $"No gateway can be reached at {Gateway}: {e.Message.TrimEnd('.')}."),
        JsonException e => Problem.Of(
            ProblemKind.OutcomeUnknown, "unexpected-answer", $"The answer of {Gateway} is not what a gateway says: {e.Message}"),
        _ => Problem.Of(
            ProblemKind.OutcomeUnknown, "connection-lost",
            $"The connection to the gateway at {Gateway} broke: {failure.Message.TrimEnd('.')}."),
    };

    private static bool MayPass(Problem problem) =>
        problem.Kind is ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.TooMany
        && problem.Code != "unexpected-answer";

    /// <summary>A question that got no answer changed nothing; a change that got none may have happened.</summary>
    private static Problem Final(GatewayRequest request, Problem problem, bool mayBeDone)
    {
        if (!MayPass(problem) && problem.Kind is not (ProblemKind.Unavailable or ProblemKind.OutcomeUnknown)) return problem;
        if (request.OperationId is not { } operationId || !mayBeDone)
            return problem.Kind == ProblemKind.OutcomeUnknown ? problem with { Kind = ProblemKind.Unavailable } : problem;
        return problem with
        {
            Kind = ProblemKind.OutcomeUnknown,
            Message = $"{problem.Message} It may or may not have been done; repeating it with operation id {operationId} is safe.",
        };
    }

    private readonly record struct Failure(Problem? Problem, TimeSpan? RetryAfter);
}
