using System.Text;

namespace OrleansScheduler.Core;

/// <summary>Collects the rules that a spec breaks; has the checks that many fields share.</summary>
internal sealed class JobFindings
{
    /// <summary>One more than an answer lists, so that the reader of a file can tell that there are more.</summary>
    private const int MaxFindings = JobLimits.MaxErrors + 1;

    private readonly ImmutableArray<FieldError>.Builder _findings = ImmutableArray.CreateBuilder<FieldError>();

    public void Add(string code, string path, string message)
    {
        if (_findings.Count < MaxFindings) _findings.Add(new(code, path, message, 0, 0, 0));
    }

    public ImmutableArray<FieldError> ToImmutable() => _findings.DrainToImmutable();

    public void CheckRange(int value, WholeRange range, string path)
    {
        if (value < range.Min) Add(JobCode.BelowMinimum, path, range.TooSmall);
        if (value > range.Max) Add(JobCode.AboveMaximum, path, range.TooLarge);
    }

    public void CheckDuration(TimeSpan value, TimeSpan min, string path)
    {
        if (value < min) Add(JobCode.BelowMinimum, path, $"This must be at least {Units.FormatDuration(min)}.");
        if (value > JobLimits.MaxDuration)
            Add(JobCode.AboveMaximum, path, $"This must be at most {Units.FormatDuration(JobLimits.MaxDuration)}.");
        if (value.Ticks % TimeSpan.TicksPerMillisecond != 0) Add(JobCode.BadQuantity, path, "This must be a whole number of milliseconds.");
    }

    public void CheckDefined<T>(T value, string path)
        where T : struct, Enum
    {
        if (Enum.IsDefined(value)) return;
        Add(JobCode.UnknownValue, path, $"This must be one of {string.Join(", ", Enum.GetValues<T>().Select(JobFileSection.NameOf))}.");
    }

    public void CheckText(string text, string path)
    {
        var control = FieldWords.IndexOfControl(text);
        if (control >= 0) Add(JobCode.ControlCharacter, path, $"The control character U+{(int)text[control]:X4} is not allowed.");
        if (!FieldWords.IsWellFormed(text)) Add(JobCode.InvalidUtf8, path, "Half of a surrogate pair is not a character.");
    }

    public void CheckLength(string text, string path)
    {
        if (text.Length > JobLimits.MaxTextLength)
            Add(JobCode.TooLong, path, $"This must be at most {JobLimits.MaxTextLength} characters long.");
    }

    /// <summary>The rules of an argument vector, whoever runs it.</summary>
    public void CheckCommand(ImmutableArray<string> command, string path)
    {
        if (command is [] || (ShellCommand.ScriptOf(command) is { } script && string.IsNullOrWhiteSpace(script)))
            Add(JobCode.CommandEmpty, path, "A command needs a program: a list such as [sleep, \"60\"], or a text for the shell.");
        else if (command[0].Length == 0)
            Add(JobCode.CommandEmpty, $"{path}[0]", "The first argument is the program and cannot be empty.");
        for (var i = 0; i < command.Length; i++)
        {
            // Of a command that was given as a text only the text itself has a place in the file.
            var at = ShellCommand.ScriptOf(command) is null ? $"{path}[{i}]" : path;
            CheckText(command[i], at);
            if (Encoding.UTF8.GetByteCount(command[i]) > JobLimits.MaxArgumentBytes)
                Add(JobCode.ArgTooLong, at, $"An argument is at most {JobLimits.MaxArgumentBytes} bytes long; bring more in a file.");
        }
    }
}
