using Spectre.Console;
using Spectre.Console.Rendering;

namespace OrleansScheduler.Cli;

/// <summary>Shows the demonstration while it runs.</summary>
internal static class DemoView
{
    private static readonly TimeSpan FrameInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(2);

    /// <summary>Shows the board until <paramref name="work"/> has ended: as a picture that moves for people, as lines otherwise.</summary>
    public static Task<bool> ShowAsync(Session session, DemoBoard board, Task<bool> work)
    {
        var terminal = session.Terminal;
        var moves = terminal.OutputIsTerminal && terminal.Variable("TERM") is not "dumb";
        return moves ? ShowLiveAsync(session, board, work) : ShowLinesAsync(session, board, work);
    }

    /// <summary>A console of the visual library on the given terminal.</summary>
    public static IAnsiConsole ConsoleOf(Session session)
    {
        var color = session.Terminal.UsesColor(session.Color, session.Terminal.OutputIsTerminal);
        return AnsiConsole.Create(new()
        {
            Out = new AnsiConsoleOutput(session.Terminal.Output),
            Ansi = session.Terminal.OutputIsTerminal || color ? AnsiSupport.Yes : AnsiSupport.No,
            ColorSystem = color ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
            Interactive = InteractionSupport.No,
        });
    }

    private static async Task<bool> ShowLiveAsync(Session session, DemoBoard board, Task<bool> work)
    {
        await ConsoleOf(session).Live(DemoPicture.Of(board)).StartAsync(async live =>
        {
            while (!work.IsCompleted)
            {
                await Task.WhenAny(work, Task.Delay(FrameInterval, session.Terminal.Time));
                live.UpdateTarget(DemoPicture.Of(board));
            }

            live.UpdateTarget(DemoPicture.Of(board));
        });
        return await work;
    }

    private static async Task<bool> ShowLinesAsync(Session session, DemoBoard board, Task<bool> work)
    {
        var (printed, lastLine, last) = (0, TimeSpan.Zero, "");
        while (true)
        {
            var ended = work.IsCompleted;
            for (; printed < board.Steps.Length && board.Steps[printed].State != StepState.Running; printed++)
            {
                var step = board.Steps[printed];
                session.Printer.Text(new(
                    $"{step.At.TotalSeconds,6:0.0} s  {(step.State == StepState.Done ? "✓" : "✗")} {step.Title}: {step.Result}",
                    step.State == StepState.Done ? Tone.Plain : Tone.Bad));
            }

            if (ended) return await work;
            if (board.Elapsed - lastLine > LineInterval && StateOf(board) is var line && line != last)
            {
                (lastLine, last) = (board.Elapsed, line);
                session.Printer.Text(new($"{board.Elapsed.TotalSeconds,6:0.0} s    {line}", Tone.Faint));
            }

            await Task.WhenAny(work, Task.Delay(FrameInterval, session.Terminal.Time));
        }
    }

    private static string StateOf(DemoBoard board) => $"service: {CountsOf(board.Service)}; batch: {CountsOf(board.Batch)}";

    private static string CountsOf(ImmutableArray<TaskView> tasks) => tasks.IsEmpty
        ? "not there yet"
        : Words.Of(tasks.GroupBy(task => task.Status.ToName()).Select(group => KeyValuePair.Create(group.Key, group.Count())));
}

/// <summary>Draws the board: what was done, the service's instances, and one square per command of the batch job.</summary>
internal static class DemoPicture
{
    private const int SquaresInARow = 50;

    public static IRenderable Of(DemoBoard board)
    {
        var rows = new List<IRenderable> { Steps(board) };
        if (!board.Service.IsEmpty) rows.Add(Service(board.Service));
        if (!board.Batch.IsEmpty) rows.Add(Batch(board.Batch));
        var title = board.Page is { } page ? $" OrleansScheduler at {page.OriginalString} " : " OrleansScheduler ";
        return new Panel(new Rows(rows))
        {
            Header = new PanelHeader(title),
            Border = BoxBorder.Rounded,
            BorderStyle = new Style(Color.Grey),
            Padding = new(1, 0),
        };
    }

    private static Grid Steps(DemoBoard board)
    {
        var grid = new Grid().AddColumns(new GridColumn().NoWrap(), new GridColumn().NoWrap().RightAligned(), new GridColumn());
        foreach (var step in board.Steps)
        {
            var (sign, at) = step.State switch
            {
                StepState.Done => ("[green]✓[/]", step.At),
                StepState.Failed => ("[red]✗[/]", step.At),
                _ => ("[yellow]…[/]", board.Elapsed),
            };
            var result = step.Result is null ? "" : $"\n[grey]{Markup.Escape(step.Result)}[/]";
            grid.AddRow(new Markup(sign), new Markup($"[grey]{at.TotalSeconds:0.0} s[/]"), new Markup(Markup.Escape(step.Title) + result));
        }

        return grid;
    }

    private static Table Service(ImmutableArray<TaskView> tasks)
    {
        var table = new Table { Border = TableBorder.Simple, BorderStyle = new Style(Color.Grey) }
            .AddColumns("instance", "status", "port", "version", "attempt", "why");
        foreach (var task in tasks)
        {
            table.AddRow(
                $"{task.Job.Name}/{task.Instance}",
                $"[{ColorOf(task.Status)}]{task.Status.ToName()}[/]",
                string.Join(',', task.Ports.Values),
                $"{task.Version}", $"{task.Attempt}", Markup.Escape(task.Message ?? ""));
        }

        return table;
    }

    private static Markup Batch(ImmutableArray<TaskView> tasks)
    {
        var lines = tasks.Chunk(SquaresInARow)
            .Select(row => string.Concat(row.Select(task => $"[{ColorOf(task.Status)}]{(task.Attempt > 1 ? '▣' : '■')}[/]")));
        var done = tasks.Count(task => task.Status == ScheduleStatus.Finished);
        return new($"{string.Join('\n', lines)}\n[grey]{tasks[0].Job.Name}: {done} of {tasks.Length} finished, ▣ tried again[/]");
    }

    private static string ColorOf(ScheduleStatus status) => status switch
    {
        ScheduleStatus.Running => "blue",
        ScheduleStatus.Finished => "green",
        ScheduleStatus.Failed or ScheduleStatus.Lost => "red",
        ScheduleStatus.Pending or ScheduleStatus.Killed => "grey",
        _ => "yellow",
    };
}
