using System.Globalization;

namespace OrleansScheduler.Core;

/// <summary>One field of a five-field schedule: reads what Aurora accepts there and says it in words.</summary>
/// <param name="Name">What it counts, such as <c>minute</c>.</param>
/// <param name="Min">Smallest value.</param>
/// <param name="Max">Largest value.</param>
/// <param name="Words">Names of the values from <see cref="Min"/> on; empty when they have none.</param>
internal sealed record CronField(string Name, int Min, int Max, ImmutableArray<string> Words)
{
    public static readonly CronField Second = new("second", 0, 59, []);
    public static readonly CronField Minute = new("minute", 0, 59, []);
    public static readonly CronField Hour = new("hour", 0, 23, []);
    public static readonly CronField DayOfMonth = new("day of month", 1, 31, []);

    public static readonly CronField Month =
        new("month", 1, 12, ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]);

    public static readonly CronField DayOfWeek = new("day of week", 0, 6, ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]);

    /// <summary>The five fields in their order.</summary>
    public static readonly ImmutableArray<CronField> Five = [Minute, Hour, DayOfMonth, Month, DayOfWeek];

    /// <summary>The same behind seconds.</summary>
    public static readonly ImmutableArray<CronField> Six = [Second, .. Five];

    private ulong All => ((1UL << (Max - Min + 1)) - 1) << Min;

    /// <summary>
    /// Reads the field. The answer is the same field in Cronos' words; intervals stay intervals there, because on the day on which an
    /// hour comes twice they run in both and single times run once.
    /// </summary>
    public Answer<string> Read(string text, out bool coversAll)
    {
        coversAll = false;
        ulong values = 0;
        List<string> parts = [];
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (ReadPart(part) is not { } read) return Wrong(part);
            for (var value = read.From; value <= read.To; value += read.Step) values |= 1UL << value;
            var isSingle = read.From == read.To || read.Step > read.To - read.From;
            parts.Add(isSingle ? $"{read.From}" : read.Step == 1 ? $"{read.From}-{read.To}" : $"{read.From}-{read.To}/{read.Step}");
        }

        if (parts.Count == 0) return Wrong(text);
        coversAll = values == All;
        return coversAll && text.Contains('*') ? "*" : string.Join(',', parts);
    }

    /// <summary>What the field means, for people; the text itself when that is not one of the plain forms.</summary>
    public string Say(string text) => string.Join(", ", text.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(SayPart));

    private string SayPart(string part)
    {
        if (part is "*" or "?") return $"every {Name}";
        if (ReadPart(part) is not { } read) return part;
        if (read.From == read.To) return Show(read.From);
        var range = $"{Show(read.From)} to {Show(read.To)}";
        if (read.Step == 1) return range;
        var each = $"every {Ordinal(read.Step)} {Name}";
        return part.StartsWith('*') ? $"{each} from {Show(read.From)}" : $"{each} from {range}";
    }

    /// <summary>One of the forms <c>*</c>, <c>n</c>, <c>a-b</c>, <c>*/s</c> and <c>a-b/s</c>, the step below b.</summary>
    private (int From, int To, int Step)? ReadPart(string part)
    {
        var slash = part.IndexOf('/');
        var range = slash < 0 ? part : part[..slash];
        var step = 1;
        if (slash >= 0 && (ReadNumber(part[(slash + 1)..]) is not { } given || (step = given) < 1)) return null;
        if (range == "*") return (Min, Max, step);

        var dash = range.IndexOf('-');
        if (dash < 0) return slash < 0 && ReadValue(range) is { } single ? (single, single, 1) : null;
        if (ReadValue(range[..dash]) is not { } from || ReadValue(range[(dash + 1)..]) is not { } to || from > to) return null;
        return slash >= 0 && step >= to ? null : (from, to, step);
    }

    private int? ReadValue(string text)
    {
        for (var i = 0; i < Words.Length; i++)
        {
            if (Words[i].Equals(text, StringComparison.OrdinalIgnoreCase)) return Min + i;
        }

        return ReadNumber(text) is { } value && value >= Min && value <= Max ? value : null;
    }

    private static int? ReadNumber(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    private Problem Wrong(string part)
    {
        var names = Words.IsEmpty ? "" : $" or {Words[0]} to {Words[^1]}";
        return Problem.Of(ProblemKind.Invalid, JobCode.CronInvalid,
            $"{FieldWords.Show(part)} is not a {Name}: write {Min} to {Max}{names}, *, a-b, */n or a-b/n, several with commas.");
    }

    private string Show(int value) => Words.IsEmpty
        ? value.ToString(CultureInfo.InvariantCulture)
        : CultureInfo.InvariantCulture.TextInfo.ToTitleCase(Words[value - Min].ToLowerInvariant());

    private static string Ordinal(int number) => (number % 100, number % 10) switch
    {
        (11 or 12 or 13, _) => $"{number}th",
        (_, 1) => $"{number}st",
        (_, 2) => $"{number}nd",
        (_, 3) => $"{number}rd",
        _ => $"{number}th",
    };
}
