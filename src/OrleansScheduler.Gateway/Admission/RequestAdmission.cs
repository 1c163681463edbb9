using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Decides before any work is done whether a request is taken on: each principal has its rate, all together have so many at once, and only
/// so many wait. What is refused is told at once when to come again.
/// </summary>
internal sealed class RequestAdmission : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);

    private readonly Dictionary<RequestClass, (PartitionedRateLimiter<string> Own, RateLimiter All)> _limits;
    private readonly GatewayTelemetry _telemetry;

    public RequestAdmission(IOptions<AdmissionOptions> options, GatewayTelemetry telemetry)
    {
        var limits = options.Value;
        _telemetry = telemetry;
        _limits = new()
        {
            [RequestClass.Read] = (Rate(limits.Reads), AtOnce(limits.Reads.AtOnce, limits.Reads.Waiting)),
            [RequestClass.Write] = (Rate(limits.Writes), AtOnce(limits.Writes.AtOnce, limits.Writes.Waiting)),
            [RequestClass.Stream] = (Each(limits.StreamsPerPrincipal), AtOnce(limits.Streams, waiting: 0)),
        };
    }

    /// <summary>As a step of the pipeline, behind routing and time-outs.</summary>
    public async Task Admit(HttpContext context, RequestDelegate next)
    {
        if (!_limits.TryGetValue(RequestClasses.Of(context), out var limit))
        {
            await next(context);
            return;
        }

        // Never waited for: who is over its rate would only wait in front of the others.
        using var own = limit.Own.AttemptAcquire(Caller.PrincipalOf(context));
        if (!own.IsAcquired)
        {
            await Refuse(context, Overload.TooMany(RetryAfter(own)), "rate");
            return;
        }

        using var place = await limit.All.AcquireAsync(1, context.RequestAborted);
        if (place.IsAcquired) await next(context);
        else await Refuse(context, Overload.Full("The gateway has as many requests under way as it takes on."), "full");
    }

    public void Dispose()
    {
        foreach (var (own, all) in _limits.Values)
        {
            own.Dispose();
            all.Dispose();
        }
    }

    private static PartitionedRateLimiter<string> Rate(RequestLimits limits) => PartitionedRateLimiter.Create<string, string>(
        principal => RateLimitPartition.GetTokenBucketLimiter(principal, _ =>
        {
            // Few tokens a second come one at a time; many come ten times a second.
            var often = limits.PerSecond >= 10;
            return new()
            {
                TokenLimit = Math.Max(limits.Burst, 1),
                TokensPerPeriod = often ? limits.PerSecond / 10 : 1,
                ReplenishmentPeriod = often ? Period : TimeSpan.FromSeconds(1.0 / limits.PerSecond),
                QueueLimit = 0,
            };
        }));

    private static PartitionedRateLimiter<string> Each(int most) => PartitionedRateLimiter.Create<string, string>(
        principal => RateLimitPartition.GetConcurrencyLimiter(principal, _ => new() { PermitLimit = most, QueueLimit = 0 }));

    private static ConcurrencyLimiter AtOnce(int most, int waiting) => new(new()
    {
        PermitLimit = most,
        QueueLimit = waiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private static TimeSpan RetryAfter(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? wait : TimeSpan.FromSeconds(1);

    private Task Refuse(HttpContext context, ProblemResult problem, string reason)
    {
        _telemetry.Refused.Add(1, new KeyValuePair<string, object?>("reason", reason));
        return problem.ExecuteAsync(context);
    }
}
