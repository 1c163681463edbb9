namespace OrleansScheduler.Client;

/// <summary>Keeps a stream open over broken connections: opens it again with growing waits until it has been silent for too long.</summary>
internal sealed class StreamResume(GatewayTransport transport)
{
    private int _failures;
    private long _brokenSince;

    /// <summary>Opens the stream, or says why it cannot be opened and that is final: then the response is null.</summary>
    public async Task<(HttpResponseMessage? Response, Problem? Problem)> OpenAsync(
        GatewayRequest request, CancellationToken cancellationToken)
    {
        while (true)
        {
            Problem problem;
            if (_failures > 0) await Task.Delay(transport.DelayBefore(_failures, asked: null), transport.Options.Time, cancellationToken);
            try
            {
                using var silence = new CancellationTokenSource(transport.Options.RequestTimeout, transport.Options.Time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
                var response = await transport.OpenAsync(request, either.Token);
                if (response.IsSuccessStatusCode) return (response, null);
                using (response) problem = await ProblemReader.ReadAsync(response, changes: false, either.Token);
                if (problem.Kind is not (ProblemKind.Unavailable or ProblemKind.OutcomeUnknown or ProblemKind.TooMany))
                    return (null, problem);
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                problem = transport.Describe(e);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                problem = Problem.Of(ProblemKind.Unavailable, "gateway-timeout", $"The gateway at {transport.Gateway} does not answer.");
            }

            if (!MayTryAgain()) return (null, problem with { Kind = ProblemKind.Unavailable });
        }
    }

    /// <summary>The next bytes: 0 at the proper end, null when the connection broke.</summary>
    public async Task<int?> ReadAsync(HttpResponseMessage response, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        using var silence = new CancellationTokenSource(transport.Options.StreamSilence, transport.Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, cancellationToken);
        try
        {
            var stream = await response.Content.ReadAsStreamAsync(either.Token);
            var count = await stream.ReadAsync(buffer, either.Token);
            _failures = 0;
            return count;
        }
        catch (Exception e) when (e is HttpRequestException or IOException
            || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Whether it can be opened again decides OpenAsync.
            MayTryAgain();
            return null;
        }
    }

    /// <summary>Notes that the stream is broken; false once it has been for too long.</summary>
    public bool MayTryAgain()
    {
        if (_failures++ == 0) _brokenSince = transport.Options.Time.GetTimestamp();
        return transport.Options.Time.GetElapsedTime(_brokenSince) < transport.Options.ResumeFor;
    }
}
