using System.Threading.Channels;

namespace OrleansScheduler.Agent;

/// <summary>A command that somebody runs where a task runs. It has begun.</summary>
internal interface IEnteredCommand : IDisposable
{
    /// <summary>Goes along with it to its end: passes its input on, and what it writes.</summary>
    /// <param name="input">What it reads; its end is the end of the input.</param>
    /// <param name="say">Takes a piece of what it writes, to its second stream or its first; waits while there is no room.</param>
    /// <param name="over">Ends it, and what it has started.</param>
    /// <returns>Its exit code.</returns>
    Task<int> Run(ChannelReader<byte[]> input, Func<bool, byte[], ValueTask> say, CancellationToken over);

    /// <summary>Sets the size of its terminal, if it has one.</summary>
    void Resize(int rows, int columns);
}

/// <summary>The terminal that a command gets.</summary>
/// <param name="Kind">Its kind, as the variable <c>TERM</c> has it.</param>
/// <param name="Rows">Its height; 0 when nobody said.</param>
/// <param name="Columns">Its width; 0 when nobody said.</param>
internal sealed record TerminalWish(string Kind, int Rows, int Columns);

/// <summary>What somebody wants to run in a task.</summary>
/// <param name="Command">The words.</param>
/// <param name="Terminal">The terminal that it gets; null for none.</param>
internal sealed record EnterRequest(ImmutableArray<string> Command, TerminalWish? Terminal);
