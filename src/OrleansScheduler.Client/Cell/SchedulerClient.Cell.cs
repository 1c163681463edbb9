using System.Text.Json;

namespace OrleansScheduler.Client;

/// <content>Questions about the cell as a whole.</content>
public sealed partial class SchedulerClient
{
    /// <summary>The cell at a glance.</summary>
    public Task<Answer<CellView>> DescribeCellAsync(CancellationToken cancellationToken = default) =>
        ReadAsync<CellView>("v1/cell", cancellationToken);

    /// <summary>Ends safe mode.</summary>
    public Task<Answer<CellView>> ResumeCellAsync(string? operationId = null, CancellationToken cancellationToken = default) =>
        ChangeAsync<CellView>("v1/cell/resume", body: null, operationId, cancellationToken);

    /// <summary>
    /// Lets the cell's actors compare what they know with what the store has. Takes as long as reading all of the state does.
    /// </summary>
    public Task<Answer<CellCheckView>> CheckCellAsync(CancellationToken cancellationToken = default) => OpenAsync(
        new GatewayRequest(HttpMethod.Get, "v1/cell/check"),
        async body => await JsonSerializer.DeserializeAsync<CellCheckView>(body, WireJson.Options, cancellationToken)
            ?? throw new JsonException("the body is null"),
        cancellationToken);

    /// <summary>Writes a copy of everything durable to a stream; answers its bytes. Check it before you rely on it.</summary>
    public Task<Answer<long>> BackUpCellAsync(Stream target, CancellationToken cancellationToken = default) => OpenAsync(
        new GatewayRequest(HttpMethod.Get, "v1/cell/backup") { Accept = "application/octet-stream" },
        async body =>
        {
            await body.CopyToAsync(target, cancellationToken);
            return target.Position;
        },
        cancellationToken);

    /// <summary>One attempt without a deadline: the answer is as long as the cell is big.</summary>
    private async Task<Answer<T>> OpenAsync<T>(
        GatewayRequest request, Func<Stream, Task<T>> read, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await _transport.OpenAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode) return await ProblemReader.ReadAsync(response, changes: false, cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await read(body);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return _transport.Describe(e);
        }
    }
}
