namespace OrleansScheduler.Agent;

/// <summary>How attempts change their status, and what is said about it.</summary>
internal sealed partial class TaskRunner
{
    private const int CommandNotExecutable = 126;
    private const int CommandNotFound = 127;

    private void Run(Attempt attempt) => table.Change(attempt, record => record.Status == ScheduleStatus.Starting
        ? record with
        {
            Status = ScheduleStatus.Running,
            At = time.GetUtcNow(),
            IsReady = attempt.Spec?.Health?.Readiness is null ? null : false,
            Message = attempt.Spec?.Health?.Readiness is null ? record.Message : "Not ready yet.",
        }
        : record);

    // The number grows at least as fast as the time: should a full disk lose a change, the next agent's next word is still the newest.
    private void Turn(Attempt attempt, bool isReady, string message) => table.Change(attempt, record =>
        record.Status == ScheduleStatus.Running
            ? record with
            {
                IsReady = isReady,
                Message = message,
                Turns = Math.Max(record.Turns + 1, (long)(time.GetUtcNow() - record.At).TotalSeconds),
            }
            : record);

    private void Conclude(Attempt attempt, TaskState state)
    {
        if (attempt.Record.Strict && lease.Release(attempt))
        {
            End(attempt, ScheduleStatus.Lost, "The node heard nothing of the cell for as long as its lease lasted.");
            return;
        }

        if (state is not TaskState.Ended ended)
        {
            var said = (state as TaskState.Vanished)?.Message;
            Finish(attempt, ScheduleStatus.Lost, said ?? (attempt.Record.BootId == node.BootId
                ? "Its supervisor was killed, so nobody knows how it ended."
                : "The machine was started again while it ran."));
            return;
        }

        var message = ended switch
        {
            { OutOfMemory: true } => "Task used more memory than requested.",
            { Message: { } said } => said,
            { Signal: { } signal } => $"Ended by signal {signal}.",
            { ExitCode: 0 } => null,
            { ExitCode: CommandNotFound } =>
                $"Exited with 127: '{attempt.Spec!.Command.FirstOrDefault()}', or a command that it runs, was not found.",
            { ExitCode: CommandNotExecutable } =>
                $"Exited with 126: '{attempt.Spec!.Command.FirstOrDefault()}', or a command that it runs, cannot be executed.",
            _ => $"Exited with {ended.ExitCode}.",
        };
        Finish(attempt, ended.ExitCode == 0 ? ScheduleStatus.Finished : ScheduleStatus.Failed, message, ended.ExitCode, ended.Signal);
    }

    /// <summary>Ends an attempt, as the one who asked for it wanted if somebody did.</summary>
    private void Finish(Attempt attempt, ScheduleStatus status, string? message, int? exitCode = null, int? signal = null) =>
        End(attempt, record => record.Stop switch
        {
            StopReason.Kill or StopReason.Unwanted => (ScheduleStatus.Killed, record.StopMessage),
            StopReason.Unhealthy or StopReason.OverLimit => (ScheduleStatus.Failed, record.StopMessage),
            _ => (status, message),
        }, exitCode, signal);

    private void End(Attempt attempt, ScheduleStatus status, string message) =>
        End(attempt, _ => (status, message), exitCode: null, signal: null);

    private void End(Attempt attempt, Func<AttemptRecord, (ScheduleStatus Status, string? Message)> how, int? exitCode, int? signal)
    {
        if (attempt.Record.Strict) lease.Release(attempt);
        table.Change(attempt, record =>
        {
            var (status, message) = how(record);
            return record with { Status = status, Message = message, ExitCode = exitCode, Signal = signal, At = time.GetUtcNow() };
        });
        LogEnded(attempt.Id, attempt.Record.Status, attempt.Record.Message);
        if (!attempt.Record.IsReported) table.Forget(attempt);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Attempt {Attempt} was taken over; its supervisor is process {Pid}")]
    private partial void LogAdopted(AttemptId attempt, int pid);

    [LoggerMessage(Level = LogLevel.Information, Message = "Attempt {Attempt} ended {Status}: {Reason}")]
    private partial void LogEnded(AttemptId attempt, ScheduleStatus status, string? reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Attempt {Attempt} could not be looked after")]
    private partial void LogUnexpected(Exception exception, AttemptId attempt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Agent stops while {Count} attempts have not ended")]
    private partial void LogNotDrained(int count);
}
