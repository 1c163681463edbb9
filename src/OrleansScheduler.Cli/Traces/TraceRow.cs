using System.Globalization;

namespace OrleansScheduler.Cli;

/// <summary>One line of a trace.</summary>
/// <param name="Place">File and line, for messages.</param>
/// <param name="Columns">Where each column is.</param>
/// <param name="Values">What the line says.</param>
internal readonly record struct TraceRow(string Place, IReadOnlyDictionary<string, int> Columns, string[] Values)
{
    /// <summary>Whether there is such a column.</summary>
    public bool Has(string column) => Columns.ContainsKey(column);

    /// <summary>A value as it stands there.</summary>
    /// <exception cref="InvalidDataException">There is no such column, or the line ends before it.</exception>
    public string Text(string column) =>
        Columns.TryGetValue(column, out var i) && i < Values.Length ? Values[i].Trim()
        : throw new InvalidDataException($"{Place}: there is no column {column}");

    /// <summary>A whole number that is not negative; nothing counts as 0.</summary>
    /// <exception cref="InvalidDataException">It is something else.</exception>
    public long Long(string column, long most = int.MaxValue)
    {
        var number = Number(column);
        return number >= 0 && number <= most && number == Math.Floor(number) ? (long)number
            : throw new InvalidDataException($"{Place}: {column} must be a whole number from 0 to {most}, not {number}");
    }

    /// <summary>A number; nothing counts as 0.</summary>
    /// <exception cref="InvalidDataException">It is none.</exception>
    public double Number(string column)
    {
        var text = Text(column);
        if (text.Length == 0) return 0;
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number
            : throw new InvalidDataException($"{Place}: {column} must be a number, not '{text}'");
    }
}
