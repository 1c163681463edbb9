using System.Buffers.Binary;
using System.Text;
using CsCheck;

namespace OrleansScheduler.Agent.Tests;

/// <summary>Output that is copied piece by piece, while copies and engines end at any byte.</summary>
public sealed class ContainerLogTests
{
    [Fact]
    public Task However_often_and_wherever_the_copy_is_cut_off_every_piece_is_copied_once() => Pieces.SampleAsync(
        async (pieces, cuts) =>
        {
            var state = Directory.CreateTempSubdirectory("osched-log-").FullName;
            var directory = new AttemptDirectory(state, new(JobKey.Parse("a/b/c"), 0, 1));
            directory.Create();
            foreach (var cut in cuts)
            {
                using var log = new ContainerLog(directory, Limits);
                try
                {
                    await log.Copy((since, _) => Task.FromResult<Stream>(new MemoryStream(Framed(pieces, since) is var all
                        ? all[..(cut % (all.Length + 1))] : [])), default);
                }
                catch (EndOfStreamException)
                {
                    // That is what a cut looks like.
                }
            }

            using (var last = new ContainerLog(directory, Limits))
                await last.Copy((since, _) => Task.FromResult<Stream>(new MemoryStream(Framed(pieces, since))), default);
            foreach (var (stream, name) in ((byte, string)[])[(1, "stdout"), (2, "stderr")])
            {
                Assert.Equal(
                    string.Concat(pieces.Where(piece => piece.Stream == stream).Select(piece => piece.Text)),
                    Text(directory, name));
            }

            Directory.Delete(state, recursive: true);
        },
        iter: 60);

    [Fact]
    public async Task What_an_agent_wrote_after_its_last_note_is_written_again_and_not_twice()
    {
        var state = Directory.CreateTempSubdirectory("osched-log-").FullName;
        var directory = new AttemptDirectory(state, new(JobKey.Parse("a/b/c"), 0, 1));
        directory.Create();
        (byte, int, string)[] pieces = [(1, 5, "a\n"), (1, 5, "b\n")];
        using var log = new ContainerLog(directory, Limits);
        await log.Copy((since, _) => Task.FromResult<Stream>(new MemoryStream(Framed(pieces, since))), default);
        await File.AppendAllTextAsync(LogSegments.PathOf(directory.Logs("main"), "stdout", 0), "c\nhalf of");

        await log.Copy((since, _) => Task.FromResult<Stream>(new MemoryStream(Framed([.. pieces, (1, 5, "c\n"), (2, 6, "d\n")], since))),
            default);

        Assert.Equal("a\nb\nc\n", Text(directory, "stdout"));
        Assert.Equal("d\n", Text(directory, "stderr"));
        Directory.Delete(state, recursive: true);
    }

    private static LogSpec Limits { get; } = new() { RotateSizeMiB = 1, Keep = 100 };

    private static string Text(AttemptDirectory directory, string stream) => string.Concat(
        LogSegments.StartsOf(directory.Logs("main"), stream).Select(start => File.ReadAllText(LogSegments.PathOf(directory.Logs("main"),
            stream, start))));

    private static Gen<((byte Stream, int Second, string Text)[], int[])> Pieces =>
        from pieces in Gen.Select(Gen.Byte[1, 2], Gen.Int[0, 1],
            Gen.OneOf(Gen.String[Gen.Char['a', 'z'], 0, 80], Gen.Const(new string('x', 400_000)))).Array[0, 30]
        from cuts in Gen.Int[0, 600_000].Array[0, 6]
        let seconds = pieces.Aggregate((0, ImmutableArray<int>.Empty),
            (at, piece) => (at.Item1 + piece.Item2, at.Item2.Add(at.Item1 + piece.Item2))).Item2
        select (pieces.Select((piece, i) => (piece.Item1, seconds[i], piece.Item3)).ToArray(), cuts);

    // As podman does it: times in whole seconds, and pieces of that very second left out.
    private static byte[] Framed((byte Stream, int Second, string Text)[] pieces, long? since)
    {
        var stream = new MemoryStream();
        Span<byte> header = stackalloc byte[8];
        foreach (var (kind, second, text) in pieces)
        {
            var at = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000 + second);
            if (since is { } from && at.ToUnixTimeSeconds() <= from) continue;
            var content = Encoding.UTF8.GetBytes($"{at:yyyy-MM-ddTHH:mm:ssZ} {text}");
            header.Clear();
            header[0] = kind;
            BinaryPrimitives.WriteUInt32BigEndian(header[4..], (uint)content.Length);
            stream.Write(header);
            stream.Write(content);
        }

        return stream.ToArray();
    }
}
