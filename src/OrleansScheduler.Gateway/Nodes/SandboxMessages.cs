using System.Runtime.InteropServices;
using Google.Protobuf;
using OrleansScheduler.Contracts.Protocol;
using FileEntry = OrleansScheduler.Core.FileEntry;

namespace OrleansScheduler.Gateway;

/// <summary>Questions about sandboxes and commands in them, and their answers, between contracts and protocol.</summary>
internal static class SandboxMessages
{
    public static ToAgent ReadFile(long request, AttemptId attempt, FileQuery query) => new()
    {
        ReadFile = new()
        {
            Request = request,
            Attempt = Write(attempt),
            Path = query.Path,
            List = query.IsList,
            Offset = query.Offset,
            MaxBytes = query.MaxBytes,
            Actor = query.Actor,
        },
    };

    public static Answer<FilePiece> Read(FileData message)
    {
        if (message.ProblemCode.Length > 0) return Refusal(message.ProblemKind, message.ProblemCode, message.ProblemMessage);
        return new FilePiece(Bytes(message.Data), message.Size, [.. message.Entries.Select(Read)], message.Truncated);
    }

    public static ToAgent Exec(long request, AttemptId attempt, ExecRequest call)
    {
        var message = new ExecCall
        {
            Request = request,
            Attempt = Write(attempt),
            Session = call.Session,
            Terminal = call.Terminal is not null,
            TerminalKind = call.Terminal ?? "",
            Rows = call.Rows,
            Columns = call.Columns,
            Input = ByteString.CopyFrom(call.Input.AsSpan()),
            InputEnded = call.InputEnded,
            WaitMillis = (int)call.Wait.TotalMilliseconds,
            Close = call.Close,
            Actor = call.Actor,
        };
        message.Command.AddRange(call.Command);
        return new() { ExecCall = message };
    }

    public static Answer<ExecAnswer> Read(ExecData message)
    {
        if (message.ProblemCode.Length > 0) return Refusal(message.ProblemKind, message.ProblemCode, message.ProblemMessage);
        return new ExecAnswer(
            message.Session, Bytes(message.Output), Bytes(message.Error), message.InputTaken, message.Ended ? message.ExitCode : null);
    }

    private static FileEntry Read(Contracts.Protocol.FileEntry entry) => new(
        entry.Name, entry.Kind, entry.Size,
        DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(entry.ModifiedUnixSeconds, 0, uint.MaxValue)),
        "0" + Convert.ToString(entry.Mode & 0xFFF, 8).PadLeft(3, '0'));

    private static Contracts.Protocol.Attempt Write(AttemptId attempt) =>
        new() { Job = attempt.Job.ToString(), Instance = attempt.Instance, Number = attempt.Number };

    private static ImmutableArray<byte> Bytes(ByteString data) => ImmutableCollectionsMarshal.AsImmutableArray(data.ToByteArray());

    private static Problem Refusal(int kind, string code, string message) => Problem.Of(
        Enum.IsDefined((ProblemKind)kind) ? (ProblemKind)kind : ProblemKind.Unavailable, code, message);
}
