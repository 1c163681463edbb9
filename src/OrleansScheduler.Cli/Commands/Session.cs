using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary>One run of one verb: what was typed, where to print, whom to ask.</summary>
internal sealed class Session(Terminal terminal, GlobalOptions globals, ParseResult parse) : IDisposable
{
    private SchedulerClient? _client;

    /// <summary>The streams and the environment.</summary>
    public Terminal Terminal => terminal;

    /// <summary>The gateway's address as given.</summary>
    public Uri Gateway => GlobalOptions.Address(Value(globals.Gateway)) ?? SchedulerClientOptions.DefaultGateway;

    /// <summary>The client of that gateway.</summary>
    public SchedulerClient Client => _client ??= new(new() { Gateway = Gateway, Time = terminal.Time, Waiting = SayWait });

    /// <summary>Where data goes.</summary>
    public Printer Printer => new(terminal.Output, Format, !Value(globals.NoHeaders), terminal.UsesColor(Color, terminal.OutputIsTerminal));

    /// <summary>The format that was asked for.</summary>
    public OutputFormat Format => Value(globals.Output);

    /// <summary>The colour choice that was made.</summary>
    public ColorChoice Color => Value(globals.Color);

    /// <summary>Now.</summary>
    public DateTimeOffset Now => terminal.Time.GetUtcNow();

    public void Dispose() => _client?.Dispose();

    /// <summary>The value of an option.</summary>
    public T Value<T>(Option<T> option) => parse.GetValue(option)!;

    /// <summary>The value of an argument.</summary>
    public T Value<T>(Argument<T> argument) => parse.GetValue(argument)!;

    /// <summary>How long ago that was, in words.</summary>
    public string Age(DateTimeOffset since) => since == default ? "" : Words.Of(Now - since);

    /// <summary>Prints a problem; the result is the exit code.</summary>
    public int Fail(Problem problem, string? file = null) => ProblemText.Print(problem, terminal.Error, file);

    /// <summary>Prints what is wrong with the command line; the result is the exit code.</summary>
    public int Refuse(string message)
    {
        terminal.Error.WriteLine($"osched: {message}");
        return ExitCode.Usage;
    }

    /// <summary>A word about progress, on standard error.</summary>
    public void Say(string message) => terminal.Error.WriteLine(message);

    /// <summary>A wait that a person notices has a reason.</summary>
    private void SayWait(Problem problem, TimeSpan wait)
    {
        if (wait >= TimeSpan.FromSeconds(0.5)) Say($"osched: {problem.Message} Trying again in {wait.TotalSeconds:0.0} s.");
    }

    /// <summary>Prints a list, or the problem that came instead.</summary>
    public int List<T>(Answer<ImmutableArray<T>> answer, Listing<T> listing)
    {
        if (answer.Problem is { } problem) return Fail(problem);
        Printer.List(answer.Value, listing);
        return ExitCode.Ok;
    }

    /// <summary>Reads page after page until there are no more or enough items.</summary>
    public static async Task<Answer<ImmutableArray<T>>> AllAsync<T>(Func<string?, Task<Answer<Page<T>>>> read, int limit)
    {
        var items = ImmutableArray.CreateBuilder<T>();
        for (string? page = null; ;)
        {
            var answer = await read(page);
            if (answer.Problem is { } problem) return problem;
            items.AddRange(answer.Value!.Items.AsSpan()[..Math.Min(answer.Value.Items.Length, limit - items.Count)]);
            page = answer.Value.Next;
            if (page is null || items.Count >= limit) return items.ToImmutable();
        }
    }
}
