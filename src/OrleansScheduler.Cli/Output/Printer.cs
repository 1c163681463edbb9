using System.Text.Json;

namespace OrleansScheduler.Cli;

/// <summary>Prints data on standard output, in the format the user asked for.</summary>
internal sealed class Printer(TextWriter output, OutputFormat format, bool headers, bool color)
{
    private static readonly JsonSerializerOptions Indented = new(WireJson.Options) { WriteIndented = true };

    /// <summary>Whether the output is for programs.</summary>
    public bool IsForPrograms => format is OutputFormat.Json or OutputFormat.Yaml or OutputFormat.Name;

    /// <summary>A list.</summary>
    public void List<T>(IReadOnlyCollection<T> items, Listing<T> listing)
    {
        switch (format)
        {
            case OutputFormat.Json: output.WriteLine(JsonSerializer.Serialize(items, Indented)); break;
            case OutputFormat.Yaml: output.Write(YamlText.Of(JsonSerializer.SerializeToNode(items, WireJson.Options))); break;
            case OutputFormat.Name: Names(items, listing); break;
            default: Table(items, listing); break;
        }
    }

    /// <summary>One thing; <paramref name="describe"/> prints it for people.</summary>
    public void One<T>(T item, Listing<T> listing, Action<T> describe)
    {
        switch (format)
        {
            case OutputFormat.Json: output.WriteLine(JsonSerializer.Serialize(item, Indented)); break;
            case OutputFormat.Yaml: output.Write(YamlText.Of(JsonSerializer.SerializeToNode(item, WireJson.Options))); break;
            case OutputFormat.Name: output.WriteLine(listing.Name(item)); break;
            default: describe(item); break;
        }
    }

    /// <summary>One item of a stream: a line, a line of JSON, or a YAML document.</summary>
    public void Streamed<T>(T item, Listing<T> listing, ReadOnlySpan<int> widths)
    {
        switch (format)
        {
            case OutputFormat.Json: output.WriteLine(JsonSerializer.Serialize(item, WireJson.Options)); break;
            case OutputFormat.Yaml: output.Write("---\n" + YamlText.Of(JsonSerializer.SerializeToNode(item, WireJson.Options))); break;
            case OutputFormat.Name: output.WriteLine(listing.Name(item)); break;
            default: Line([.. Columns(listing).Select(column => column.Value(item))], widths); break;
        }
    }

    /// <summary>Aligned columns, whatever the format; used inside descriptions.</summary>
    public void Table<T>(IReadOnlyCollection<T> items, Listing<T> listing)
    {
        var columns = Columns(listing);
        var rows = items.Select(item => columns.Select(column => column.Value(item)).ToArray()).ToList();
        if (headers) rows.Insert(0, [.. columns.Select(column => new Field(column.Header, Tone.Faint))]);
        var widths = columns.Select((_, i) => rows.Count == 0 ? 0 : rows.Max(row => row[i].Text.Length)).ToArray();
        foreach (var row in rows) Line(row, widths);
    }

    /// <summary>Name and value pairs, one a line; empty values are left out.</summary>
    public void Facts(params ReadOnlySpan<(string Name, Field Value)> facts)
    {
        var width = 0;
        foreach (var (name, value) in facts)
        {
            if (value.Text.Length > 0) width = Math.Max(width, name.Length);
        }


        foreach (var (name, value) in facts)
        {
            if (value.Text.Length == 0) continue;
            output.WriteLine($"{new Field(name.PadRight(width), Tone.Faint).Paint(color)}  {value.Paint(color)}");
        }
    }

    /// <summary>A line of text.</summary>
    public void Text(Field line) => output.WriteLine(line.Paint(color));

    private void Names<T>(IEnumerable<T> items, Listing<T> listing)
    {
        foreach (var item in items) output.WriteLine(listing.Name(item));
    }

    private Column<T>[] Columns<T>(Listing<T> listing) =>
        [.. listing.Columns.Where(column => format == OutputFormat.Wide || !column.WideOnly)];

    private void Line(Field[] fields, ReadOnlySpan<int> widths)
    {
        var last = fields.Length - 1;
        while (last > 0 && fields[last].Text.Length == 0) last--;
        for (var i = 0; i <= last; i++)
        {
            output.Write(fields[i].Paint(color));
            if (i < last) output.Write(new string(' ', Math.Max(0, (i < widths.Length ? widths[i] : 0) - fields[i].Text.Length) + 2));
        }

        output.WriteLine();
    }
}
