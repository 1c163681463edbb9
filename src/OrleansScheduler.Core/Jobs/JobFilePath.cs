using System.Globalization;
using System.Text;

namespace OrleansScheduler.Core;

/// <summary>Where a reader is in a document. Written out only when there is something to say about the place: a file has many values and
/// few errors.</summary>
internal sealed class JobFilePath
{
    private readonly List<(string? Name, int Index)> _steps = [];

    public void Enter(string name) => _steps.Add((name, 0));

    public void Enter(int index) => _steps.Add((null, index));

    public void Leave() => _steps.RemoveAt(_steps.Count - 1);

    /// <summary>The path of a field, fit to be shown.</summary>
    public static string Join(string path, string name) => path.Length == 0 ? FieldWords.Plain(name) : $"{path}.{FieldWords.Plain(name)}";

    /// <inheritdoc/>
    public override string ToString()
    {
        var path = new StringBuilder();
        foreach (var (name, index) in _steps)
        {
            if (name is null) path.Append(CultureInfo.InvariantCulture, $"[{index}]");
            else path.Append(path.Length == 0 ? "" : ".").Append(FieldWords.Plain(name));
        }

        return path.ToString();
    }
}
