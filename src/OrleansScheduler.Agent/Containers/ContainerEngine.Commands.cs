using OrleansScheduler.Shim;

namespace OrleansScheduler.Agent;

/// <content>Commands that run in containers beside their own.</content>
internal sealed partial class ContainerEngine
{
    /// <summary>Runs a command in a container and returns its exit code; ends it when the wait is given up.</summary>
    /// <exception cref="EngineException">It cannot be run.</exception>
    public async Task<int> Run(string name, ImmutableArray<string> command, CancellationToken cancellationToken)
    {
        var made = await Ask("exec", Quick, (client, token) => client.Exec.ExecCreateContainerAsync(
            name, new() { Cmd = [.. command], AttachStdout = true, AttachStderr = true }, token), cancellationToken);
        try
        {
            using (var output = await Ask(
                "exec", Quick, (client, token) =>
                    client.Exec.StartAndAttachContainerExecAsync(made.ID, tty: false, token), cancellationToken))
            {
                var buffer = new byte[8192];
                while (!(await output.ReadOutputAsync(buffer, 0, buffer.Length, cancellationToken)).EOF)
                {
                }
            }

            while (true)
            {
                if (await CodeOf(made.ID, cancellationToken) is { } code) return code;
                await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancellationToken);
            }
        }
        catch (OperationCanceledException)
        {
            await EndCommand(made.ID);
            throw;
        }
    }

    /// <summary>Begins a command of somebody in a container.</summary>
    /// <exception cref="EngineException">It cannot be begun; a conflict when the container does not run.</exception>
    public async Task<EngineCommand> Enter(
        string name, IList<string> command, string? terminalKind, CancellationToken cancellationToken)
    {
        var hasTerminal = terminalKind is not null;
        var made = await Ask("exec", Quick, (client, token) => client.Exec.ExecCreateContainerAsync(
            name,
            new()
            {
                Cmd = command,
                AttachStdin = true,
                AttachStdout = true,
                AttachStderr = true,
                Tty = hasTerminal,
                Env = hasTerminal ? [$"TERM={terminalKind}"] : [],
            }, token), cancellationToken);
        var stream = await Ask("exec", Quick, (client, token) =>
            client.Exec.StartAndAttachContainerExecAsync(made.ID, hasTerminal, token), cancellationToken);
        return new(this, made.ID, stream, hasTerminal, _time);
    }

    /// <summary>The exit code of a command; null while it runs.</summary>
    /// <exception cref="EngineException">The engine does not say.</exception>
    public async Task<int?> CodeOf(string command, CancellationToken cancellationToken)
    {
        var state = await Ask("exec", Quick, (client, token) => client.Exec.InspectContainerExecAsync(command, token), cancellationToken);
        return state.Running ? null : (int)state.ExitCode;
    }

    /// <summary>Sets the size of a command's terminal, if that can be done now.</summary>
    public async Task Resize(string command, int rows, int columns)
    {
        try
        {
            await Ask("resize", Quick, async (client, token) =>
            {
                await client.Exec.ResizeContainerExecTtyAsync(
                    command, new() { Height = Math.Clamp(rows, 1, 9999), Width = Math.Clamp(columns, 1, 9999) }, token);
                return true;
            }, CancellationToken.None);
        }
        catch (EngineException)
        {
            // It has ended, or keeps the size that it has.
        }
    }

    /// <summary>Ends a command and what it has started.</summary>
    public async Task EndCommand(string command)
    {
        try
        {
            var state = await Ask("exec", Quick, (client, token) => client.Exec.InspectContainerExecAsync(command, token),
                CancellationToken.None);
            if (!state.Running || state.Pid <= 0 || ProcessStat.Of((int)state.Pid) is not { } process) return;
            Descendants.Kill(process.Pid);
            process.Signal(Posix.SigKill);
        }
        catch (EngineException)
        {
            // It ends with the container at the latest.
        }
    }
}
