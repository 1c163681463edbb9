namespace OrleansScheduler.Client;

/// <content>The files of tasks.</content>
public sealed partial class SchedulerClient
{
    /// <summary>What lies in a directory of a task's sandbox.</summary>
    /// <param name="task">The task.</param>
    /// <param name="path">Which directory; empty for the sandbox itself.</param>
    /// <param name="attempt">Which attempt; null for the latest.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public Task<Answer<FileListing>> ListFilesAsync(
        TaskKey task, string path, int? attempt = null, CancellationToken cancellationToken = default) =>
        ReadAsync<FileListing>(Query.Path($"v1/tasks/{task}/files", ("path", path), ("attempt", attempt)), cancellationToken);

    /// <summary>Copies a file of a task's sandbox.</summary>
    /// <param name="task">The task.</param>
    /// <param name="path">Which file.</param>
    /// <param name="into">Where it goes. A copy that did not come to its end leaves a part of the file there.</param>
    /// <param name="attempt">Which attempt; null for the latest.</param>
    /// <param name="cancellationToken">Stops copying.</param>
    /// <returns>How many bytes were copied.</returns>
    public async Task<Answer<long>> ReadFileAsync(
        TaskKey task, string path, Stream into, int? attempt = null, CancellationToken cancellationToken = default)
    {
        var request = new GatewayRequest(
            HttpMethod.Get, Query.Path($"v1/tasks/{task}/files/content", ("path", path), ("attempt", attempt)))
        {
            Accept = "application/octet-stream",
        };
        try
        {
            using var response = await _transport.OpenAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode) return await ProblemReader.ReadAsync(response, changes: false, cancellationToken);
            await response.Content.CopyToAsync(into, cancellationToken);
            return response.Content.Headers.ContentLength ?? 0;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return _transport.Describe(e);
        }
    }
}
