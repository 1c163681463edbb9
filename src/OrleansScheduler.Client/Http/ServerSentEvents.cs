using System.Text;

namespace OrleansScheduler.Client;

/// <summary>Cuts a byte stream into server-sent events; comments (heart-beats) and fields that do not matter here are dropped.</summary>
internal sealed class ServerSentEvents
{
    /// <summary>The largest is a service with as many instances as a job can have; more without an end is no event stream.</summary>
    private const int MaxEventBytes = 8 * 1024 * 1024;

    private readonly List<byte> _line = [];
    private readonly StringBuilder _data = new();
    private string? _id;

    /// <summary>The events that <paramref name="bytes"/> complete.</summary>
    /// <exception cref="InvalidDataException">This is no event stream.</exception>
    public List<(string? Id, string Data)> Take(ReadOnlySpan<byte> bytes)
    {
        var events = new List<(string? Id, string Data)>();
        foreach (var b in bytes)
        {
            if (b != '\n')
            {
                _line.Add(b);
                if (_line.Count + _data.Length > MaxEventBytes) throw new InvalidDataException("An event of the stream has no end.");
                continue;
            }

            var line = Encoding.UTF8.GetString([.. _line]).TrimEnd('\r');
            _line.Clear();
            if (line.Length > 0)
            {
                TakeField(line);
            }
            else if (_data.Length > 0)
            {
                events.Add((_id, _data.ToString()));
                _data.Clear();
            }
        }

        return events;
    }

    private void TakeField(string line)
    {
        var colon = line.IndexOf(':');
        var (name, value) = colon < 0 ? (line, "") : (line[..colon], line[(colon + 1)..]);
        if (value.StartsWith(' ')) value = value[1..];
        if (name == "id") _id = value;
        if (name != "data") return;
        if (_data.Length > 0) _data.Append('\n');
        _data.Append(value);
    }
}
