using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>
/// A copy of everything durable while the cell works. A body that ends without an error is complete; its last record says so too. Holds a
/// few parts at a time, whatever the cell's size.
/// </summary>
internal sealed class CellBackup(CellOwners owners, IGrainFactory grains, IOptions<CellOptions> options, TimeProvider time) : IResult
{
    /// <summary>Parts that an owner sends in one message.</summary>
    private const int PartsAtOnce = 8;

    /// <summary>An owner whose silo died is copied again from its beginning when it has moved.</summary>
    private const int Tries = 5;

    private static readonly TimeSpan TryAgainAfter = TimeSpan.FromSeconds(1);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var cancellationToken = httpContext.RequestAborted;
        var record = await grains.GetGrain<ICellGrain>(ICellGrain.Id).Describe(cancellationToken);
        var response = httpContext.Response;
        response.ContentType = "application/octet-stream";
        httpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        using var writer = new BackupWriter(response.Body);
        var header = new BackupHeader
        {
            Format = BackupFormat.Version,
            Cell = options.Value.Name,
            Product = CellDirectory.Version,
            StorageFormat = record.StorageFormat,
            StoreIncarnation = record.StoreIncarnation,
            TakenAt = time.GetUtcNow(),
        };
        await writer.Begin(header, cancellationToken);
        await foreach (var owner in owners.All(cancellationToken)) await Copy(owner, writer, cancellationToken);
        await writer.End(cancellationToken);
    }

    private async Task Copy(GrainId owner, BackupWriter writer, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await foreach (var part in owners.Find(owner).CopyState(cancellationToken).WithBatchSize(PartsAtOnce))
                    await writer.Add(owner, part, cancellationToken);
                return;
            }
            catch (Exception exception)
                when (attempt < Tries && !cancellationToken.IsCancellationRequested && exception is OrleansException or TimeoutException)
            {
                await Task.Delay(TryAgainAfter, time, cancellationToken);
            }
        }
    }
}
