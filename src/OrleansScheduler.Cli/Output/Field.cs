namespace OrleansScheduler.Cli;

/// <summary>What a colour means.</summary>
internal enum Tone
{
    Plain,
    Good,
    Busy,
    Bad,
    Faint,
}

/// <summary>One value in a table, and how it should strike the reader.</summary>
internal readonly record struct Field(string Text, Tone Tone = Tone.Plain)
{
    public static implicit operator Field(string? text) => new(text ?? "");

    /// <summary>The text with the colour's escape codes around it.</summary>
    public string Paint(bool color) => color && Tone != Tone.Plain && Text.Length > 0 ? $"\e[{Code(Tone)}m{Text}\e[0m" : Text;

    private static string Code(Tone tone) => tone switch
    {
        Tone.Good => "32",
        Tone.Busy => "33",
        Tone.Bad => "31",
        Tone.Faint => "2",
        _ => "0",
    };
}

/// <summary>One column of a list.</summary>
/// <param name="Header">Its heading, upper case.</param>
/// <param name="Value">What it shows of an item.</param>
/// <param name="WideOnly">Whether it is left out of plain tables.</param>
internal sealed record Column<T>(string Header, Func<T, Field> Value, bool WideOnly = false);

/// <summary>How a kind of thing is listed.</summary>
/// <param name="Name">What <c>-o name</c> prints.</param>
/// <param name="Columns">The columns, in order.</param>
internal sealed record Listing<T>(Func<T, string> Name, params Column<T>[] Columns);
