using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// Several owners of one journal on one store, on one thread: a script decides who asks for what, which call of the store happens next
/// and how it fails. At the end the store is well again, everything is carried out, and a last owner reads what is there.
/// </summary>
internal sealed class JournalSimulation
{
    private readonly FaultyStorage _storage = new() { Held = [] };
    private readonly Turns _turns = new();
    private readonly JournalBench _bench;
    private readonly List<Owner> _owners = [];
    private readonly List<(string Word, Task<long> Append)> _appends = [];
    private int _words;

    private JournalSimulation()
    {
        _bench = new(_storage, new FakeTimeProvider());
        (_bench.Options.MaxRowBytes, _bench.Options.MaxInlineTailBytes, _bench.Options.MaxInlineSnapshotBytes) = (2_048, 300, 200);
    }

    /// <summary>Plays a script; throws when a rule of the journal is broken. Answers what happened, for statistics.</summary>
    public static (int Acknowledged, int Refused, int Unknown) Play(IEnumerable<(byte What, byte Which)> script)
    {
        var before = SynchronizationContext.Current;
        var simulation = new JournalSimulation();
        SynchronizationContext.SetSynchronizationContext(simulation._turns);
        try
        {
            simulation.Do(simulation.NewOwner);
            foreach (var (what, which) in script) simulation.Step(what, which);
            return simulation.Check();
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
    }

    private void Step(byte what, byte which)
    {
        var owner = _owners[which % _owners.Count];
        switch (what % 16)
        {
            case 0 when _owners.Count < 6:
                Do(NewOwner);
                break;
            case 1:
                Do(() => owner.Compact());
                break;
            case 2 or 3 or 4:
                Do(() => Append(owner, count: 1 + (which % 3), length: which % 7 == 0 ? 3_000 : which));
                break;
            case 5:
                CarryOut(which, Fault.AnswerLost);
                break;
            case 6:
                CarryOut(which, Fault.ErrorBefore);
                break;
            default:
                CarryOut(which, Fault.None);
                break;
        }
    }

    private void Do(Action action)
    {
        action();
        _turns.RunAll();
    }

    private void CarryOut(byte which, Fault fault)
    {
        if (_storage.Held is not { Count: > 0 } held) return;
        var call = held[which % held.Count];
        held.Remove(call);
        Do(() => call.CarryOut(fault));
    }

    private void NewOwner()
    {
        var owner = new Owner(_bench.Make());
        _owners.Add(owner);
        owner.Start();
    }

    private void Append(Owner owner, int count, int length)
    {
        if (!owner.IsOpen) return;
        for (var i = 0; i < count; i++)
        {
            var word = $"{_words++}:".PadRight(length + 8, '.');
            _appends.Add((word, owner.Append(word)));
        }
    }

    private (int Acknowledged, int Refused, int Unknown) Check()
    {
        Heal();
        var last = new Owner(_bench.Make());
        Do(last.Start);
        Heal();
        Assert.True(last.IsOpen, last.Failure?.ToString());
        foreach (var failure in _owners.Select(owner => owner.Failure))
            Assert.True(failure is null or JournalLostException or JournalUnavailableException, failure?.ToString());

        var entries = last.Entries;
        Assert.Equal(entries.Distinct(), entries);
        var (acknowledged, refused, unknown) = (0, 0, 0);
        foreach (var (word, append) in _appends)
        {
            Assert.True(append.IsCompleted, "an append neither succeeded nor failed");
            if (append.IsCompletedSuccessfully)
            {
                acknowledged++;
                Assert.True(
                    append.Result <= entries.Count, $"{word.TrimEnd('.')} was acknowledged as entry {append.Result} of {entries.Count}");
                Assert.Equal(word, entries[(int)append.Result - 1]);
            }
            else if (append.Exception!.InnerException is JournalLostException { MayBeWritten: false })
            {
                refused++;
                Assert.DoesNotContain(word, entries);
            }
            else
            {
                unknown++;
                Assert.IsType<JournalLostException>(append.Exception.InnerException);
            }
        }

        Assert.All(_storage.Rows, row => Assert.InRange(row.Row.Payload.Length, 0, _bench.Options.MaxRowBytes));
        return (acknowledged, refused, unknown);
    }

    private void Heal()
    {
        while (_storage.Held!.Count > 0) CarryOut(0, Fault.None);
    }

    /// <summary>One activation: applies to its state what is durable, in order.</summary>
    private sealed class Owner(Journal<string, List<string>> journal)
    {
        private Task? _opening;

        public List<string> Entries { get; } = [];

        public Exception? Failure { get; private set; }

        public bool IsOpen => _opening is { IsCompletedSuccessfully: true } && Failure is null;

        public void Start() => _opening = Open();

        public async Task<long> Append(string word)
        {
            var number = await journal.Append(word);
            Assert.Equal(Entries.Count + 1, number);
            Entries.Add(word);
            return number;
        }

        public async void Compact()
        {
            if (!IsOpen || Entries.Count == 0) return;
            try
            {
                await journal.Compact([.. Entries], through: Entries.Count);
            }
            catch (Exception exception) when (exception is JournalLostException or JournalUnavailableException or InvalidOperationException)
            {
                // The owner would deactivate or try again; its appends show what it knows.
            }
        }

        private async Task Open()
        {
            try
            {
                var recovered = await journal.Open(CancellationToken.None);
                Entries.AddRange(recovered.Snapshot ?? []);
                Entries.AddRange(recovered.Entries);
            }
            catch (Exception exception)
            {
                Failure = exception;
            }
        }
    }

    /// <summary>Runs continuations when it is told to, on the thread that tells it.</summary>
    private sealed class Turns : SynchronizationContext
    {
        private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _waiting = [];

        public override void Post(SendOrPostCallback d, object? state) => _waiting.Enqueue((d, state));

        public void RunAll()
        {
            while (_waiting.TryDequeue(out var turn)) turn.Callback(turn.State);
        }
    }
}
