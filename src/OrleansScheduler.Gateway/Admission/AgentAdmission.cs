using System.Threading.RateLimiting;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Gateway;

/// <summary>
/// Lets agents register a few at a time. After an outage all of them come at once; who has to wait too long is told to come again, and
/// agents come after a random pause.
/// </summary>
internal sealed class AgentAdmission(IOptions<AdmissionOptions> options) : IDisposable
{
    private readonly ConcurrencyLimiter _atOnce = new(new()
    {
        PermitLimit = options.Value.Registrations,
        QueueLimit = options.Value.RegistrationsWaiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Registers when it is this agent's turn; a problem when too many wait.</summary>
    public async Task<Answer<RegisterReceipt>> Register(
        Func<Task<Answer<RegisterReceipt>>> register, CancellationToken cancellationToken)
    {
        using var turn = await _atOnce.AcquireAsync(1, cancellationToken);
        if (!turn.IsAcquired) return Overload.Refusal("As many agents wait to register as the gateway takes on.");
        return await register();
    }

    public void Dispose() => _atOnce.Dispose();
}
