using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Google.Protobuf;

namespace OrleansScheduler.EndToEnd.Tests;

/// <summary>
/// One span, as it came over the wire: from which activity source, in which trace, and part of which other span (empty: of none).
/// </summary>
internal sealed record ReceivedSpan(string Source, string Trace, string Id, string Parent, string Name, bool IsServer);

/// <summary>Receives OTLP over HTTP on a loopback port, and keeps the spans.</summary>
internal sealed class TraceReceiver : IAsyncDisposable
{
    private const int ServerKind = 2;

    private readonly HttpListener _listener = new();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly Task _receiving;

    // The listener itself says so only after those who wait for it have been told.
    private volatile bool _isClosed;

    public TraceReceiver()
    {
        Address = string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{LoopbackPort.Free()}");
        _listener.Prefixes.Add($"{Address}/");
        _listener.Start();
        _receiving = Receive();
    }

    public string Address { get; }

    /// <summary>What makes a process send its spans here, soon.</summary>
    public Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
        ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
    };

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        _listener.Close();
        await _receiving;
    }

    private async Task Receive()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                using var body = new MemoryStream();
                await context.Request.InputStream.CopyToAsync(body);
                if (context.Request.Url?.AbsolutePath == "/v1/traces") Keep(body.ToArray());
                context.Response.Close();
            }
        }
        catch (Exception e) when (_isClosed && e is HttpListenerException or ObjectDisposedException)
        {
            // Nobody asks any more.
        }
    }

    /// <summary>Reads an ExportTraceServiceRequest: resources hold scopes, scopes hold spans.</summary>
    private void Keep(byte[] request)
    {
        foreach (var scope in Messages(request, 1).SelectMany(resource => Messages(resource, 2)))
        {
            var source = Messages(scope, 1).SelectMany(name => Messages(name, 1)).Select(Text).FirstOrDefault("");
            foreach (var span in Messages(scope, 2)) _spans.Enqueue(Span(source, span));
        }
    }

    private static ReceivedSpan Span(string source, byte[] span) => new(
        source, Hex(span, 1), Hex(span, 2), Hex(span, 4), Messages(span, 5).Select(Text).FirstOrDefault(""), Number(span, 6) == ServerKind);

    private static string Text(byte[] value) => System.Text.Encoding.UTF8.GetString(value);

    private static string Hex(byte[] message, int field) => Messages(message, field).Select(Convert.ToHexStringLower).FirstOrDefault("");

    private static IEnumerable<byte[]> Messages(byte[] message, int field) =>
        Fields(message).Where(f => f.Number == field).Select(f => f.Bytes).OfType<byte[]>();

    private static ulong Number(byte[] message, int field) => Fields(message).FirstOrDefault(f => f.Number == field).Value;

    private static IEnumerable<(int Number, byte[]? Bytes, ulong Value)> Fields(byte[] message)
    {
        using var input = new CodedInputStream(message);
        for (uint tag; (tag = input.ReadTag()) != 0;)
        {
            var number = WireFormat.GetTagFieldNumber(tag);
            switch (WireFormat.GetTagWireType(tag))
            {
                case WireFormat.WireType.LengthDelimited: yield return (number, input.ReadBytes().ToByteArray(), 0); break;
                case WireFormat.WireType.Varint: yield return (number, null, input.ReadUInt64()); break;
                default: input.SkipLastField(); break;
            }
        }
    }
}
