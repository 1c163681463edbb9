using System.Diagnostics;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>
/// A directory for one test, and the witness in it: tasks write there what they did, past everything that the scheduler knows.
/// </summary>
internal sealed class TestDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("osched-e2e-").FullName;

    public string Gate => System.IO.Path.Combine(Path, "gate");

    public string State => Directory.CreateDirectory(System.IO.Path.Combine(Path, "state")).FullName;

    private string Witness => Directory.CreateDirectory(System.IO.Path.Combine(Path, "witness")).FullName;

    /// <summary>
    /// A shell command that notes its start, waits for the gate to open, notes its end, and exits 3 for every tenth instance, else 0.
    /// </summary>
    public string WitnessedCommand =>
        $"echo start >> {Witness}/$OSCHED_INSTANCE; until [ -e {Gate} ]; do sleep 1; done; echo end >> {Witness}/$OSCHED_INSTANCE; "
        + "case $OSCHED_INSTANCE in *0) exit 3;; esac";

    /// <summary>The same without a gate: instances take from nothing to 40 s.</summary>
    public string TimedCommand =>
        $"echo start >> {Witness}/$OSCHED_INSTANCE; sleep $((OSCHED_INSTANCE * 7 % 41)); echo end >> {Witness}/$OSCHED_INSTANCE; "
        + "case $OSCHED_INSTANCE in *0) exit 3;; esac";

    public static int ExpectedExit(int instance) => instance % 10 == 0 ? 3 : 0;

    public void OpenGate() => File.WriteAllText(Gate, "");

    /// <summary>Lines that tasks wrote, by instance.</summary>
    public Dictionary<int, string[]> Witnessed() =>
        Directory.GetFiles(Witness).ToDictionary(f => int.Parse(System.IO.Path.GetFileName(f)), File.ReadAllLines);

    /// <summary>Ends the tasks that outlived everything, as they should, and removes the directory.</summary>
    public void Dispose()
    {
        foreach (var supervisor in Process.GetProcessesByName("osched-shim"))
        {
            using (supervisor)
            {
                if (CommandOf(supervisor.Id).Contains(Path + "/", StringComparison.Ordinal)) supervisor.Kill();
            }
        }

        LeftGroups.Remove(Path);
        Directory.Delete(Path, recursive: true);
    }

    private static string CommandOf(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/cmdline");
        }
        catch (IOException)
        {
            return "";   // it has ended by itself
        }
    }
}
