using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>Parses job files, one for each processor at once: a megabyte that is made to be slow takes one for seconds.</summary>
internal sealed class FileAdmission(IOptions<AdmissionOptions> options) : IDisposable
{
    private readonly ConcurrencyLimiter _atOnce = new(new()
    {
        PermitLimit = Environment.ProcessorCount,
        QueueLimit = options.Value.FilesWaiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    public async Task<Answer<ImmutableArray<JobSpec>>> Parse(
        ReadOnlyMemory<byte> file, IReadOnlyDictionary<string, string> parameters, CancellationToken cancellationToken)
    {
        using var turn = await _atOnce.AcquireAsync(1, cancellationToken);
        if (!turn.IsAcquired) return Overload.Refusal("As many job files wait to be parsed as the gateway takes on.");
        return JobFile.Parse(file, parameters);
    }

    public void Dispose() => _atOnce.Dispose();
}
