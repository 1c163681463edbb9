using System.Text;

namespace OrleansScheduler.Shim;

/// <summary>The pipe through which the agent asks whoever looks after an attempt, one line a wish.</summary>
internal sealed unsafe class ControlPipe
{
    /// <summary>Its name in the attempt's directory.</summary>
    public const string Name = "control";

    private const int LongestRead = 4096;
    private readonly StringBuilder _asked = new();

    /// <summary>Opens that of an attempt.</summary>
    /// <exception cref="ShimException">It cannot be opened.</exception>
    public ControlPipe(string directory) => Descriptor = Native.Check(
        Native.Open(Path.Combine(directory, Name), Native.ReadWrite | Native.NonBlocking | Native.CloseOnExec, 0),
        "cannot open the control pipe");

    /// <summary>What to wait for.</summary>
    public int Descriptor { get; }

    /// <summary>Hands every whole line that has come to somebody.</summary>
    public void Read(Action<string> obey)
    {
        var bytes = stackalloc byte[LongestRead];
        var read = (int)Native.Read(Descriptor, bytes, LongestRead);
        if (read <= 0) return;
        _asked.Append(Encoding.ASCII.GetString(bytes, read));
        while (_asked.ToString().IndexOf('\n', StringComparison.Ordinal) is >= 0 and var end)
        {
            obey(_asked.ToString(0, end));
            _asked.Remove(0, end + 1);
        }
    }
}
