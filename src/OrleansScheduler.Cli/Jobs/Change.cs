namespace OrleansScheduler.Cli;

/// <summary>Carries out a command that changes something, so that it can be repeated safely whatever happens on the way.</summary>
internal static class Change
{
    private static readonly Listing<CommandReceipt> Receipts = new(
        receipt => receipt.Key.ToString(), new("JOB", receipt => receipt.Key.ToString()), new("MESSAGE", receipt => receipt.Message));

    /// <summary>Sends a command to a job or task and prints what came of it.</summary>
    public static async Task<int> RunAsync(Session session, string? operationId, Func<string, Task<Answer<CommandReceipt>>> send)
    {
        var answer = await SendAsync(session, operationId, send);
        if (answer.Problem is { } problem) return session.Fail(problem);
        session.Printer.One(answer.Value!, Receipts, receipt => session.Printer.Text(receipt.Message));
        return ExitCode.Ok;
    }

    /// <summary>Sends a change; when the user interrupts it, says how to repeat it.</summary>
    public static async Task<Answer<T>> SendAsync<T>(Session session, string? operationId, Func<string, Task<Answer<T>>> send)
    {
        var key = operationId ?? SchedulerClient.NewOperationId();
        try
        {
            return await send(key);
        }
        catch (OperationCanceledException)
        {
            session.Say(
                $"osched: interrupted; it may or may not have been done. Repeat the command with --operation {key}: then it is done once.");
            throw;
        }
    }
}
