using System.Text;
using System.Text.Unicode;

namespace OrleansScheduler.Core;

/// <summary>Reads job files, YAML or JSON, and writes specs back in their shortest form.</summary>
/// <remarks>
/// A file holds one document or more; an empty one does not count. Every document is read and checked before any error is reported, so an
/// answer names all that is wrong.
/// A field without a value counts as not given. Texts need no quotes, even when they look like numbers; numbers must not have any.
/// </remarks>
public static class JobFile
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads and checks all documents.</summary>
    /// <param name="file">The file as it is, with or without a byte order mark.</param>
    /// <param name="parameters">Values of parameters that its documents declare, instead of those in the file; null for none.</param>
    /// <returns>The specs in the order of the file, or a problem with every <see cref="FieldError"/> and its place.</returns>
    public static Answer<ImmutableArray<JobSpec>> Parse(
        ReadOnlyMemory<byte> file, IReadOnlyDictionary<string, string>? parameters = null)
    {
        var errors = new JobFileErrors();
        var bytes = file.Span;
        if (bytes.Length > JobLimits.MaxFileBytes)
        {
            var limit = Units.FormatMiB(JobLimits.MaxFileBytes / (1024 * 1024));
            errors.Add(JobCode.FileTooLarge, "", $"A job file has at most {limit}; split it.");
            return errors.ToProblem();
        }

        if (bytes.StartsWith("\uFEFF"u8)) bytes = bytes[3..];
        if (Decode(bytes, errors) is not { } text) return errors.ToProblem();

        var documents = JobFileJson.LooksLikeJson(text) ? JobFileJson.Read(bytes, errors) : JobFileYaml.Read(text, errors);
        var specs = ReadDocuments(documents, parameters ?? ImmutableSortedDictionary<string, string>.Empty, errors);
        if (documents.IsEmpty && errors.IsEmpty)
            errors.Add(JobCode.BodyRequired, "", "The job file is empty; 'osched job init' writes one to start from.");
        return errors.IsEmpty ? specs : errors.ToProblem();
    }

    /// <summary>Reads and checks all documents.</summary>
    /// <param name="file">The file's text.</param>
    /// <returns>As <see cref="Parse(ReadOnlyMemory{byte}, IReadOnlyDictionary{string, string})"/>.</returns>
    public static Answer<ImmutableArray<JobSpec>> Parse(string file)
    {
        if (FieldWords.IsWellFormed(file)) return Parse(StrictUtf8.GetBytes(file));
        var errors = new JobFileErrors();
        errors.Add(JobCode.InvalidUtf8, "", "Half of a surrogate pair is not a character.");
        return errors.ToProblem();
    }

    /// <summary>The spec as a YAML job file, defaults left out. Reading it gives an equal spec.</summary>
    public static string WriteYaml(JobSpec spec) => JobFilePrinter.ToYaml(JobFileWriter.Write(spec));

    /// <summary>The spec as an indented JSON job file, defaults left out. Reading it gives an equal spec.</summary>
    public static string WriteJson(JobSpec spec) => JobFilePrinter.ToJson(JobFileWriter.Write(spec));

    private static ImmutableArray<JobSpec> ReadDocuments(
        ImmutableArray<JobFileNode> documents, IReadOnlyDictionary<string, string> parameters, JobFileErrors errors)
    {
        var specs = ImmutableArray.CreateBuilder<JobSpec>(documents.Length);
        var keys = new HashSet<JobKey>();
        var used = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < documents.Length && !errors.IsFull; i++)
        {
            errors.Document = i;
            var document = JobParameters.Apply(documents[i], parameters, used, errors);
            if (new JobFileReader(errors).ReadJob(document) is not { } spec) continue;
            errors.AddRules(JobRules.Check(spec), document);
            if (!keys.Add(spec.Key) && JobKey.IsValidPart(spec.Key.Name))
                errors.Add(JobCode.DuplicateJob, "job", $"{spec.Key} is in this file already; keep one.", document.Locate("job"));
            specs.Add(spec);
        }

        foreach (var name in parameters.Keys.Where(name => !used.Contains(name)))
        {
            errors.Add(JobCode.ParameterUnknown, JobParameters.Field,
                $"No document declares a parameter {FieldWords.Show(name)} that could be set.");
        }

        return specs.DrainToImmutable();
    }

    /// <summary>The text of a file; null when it is not text.</summary>
    private static string? Decode(ReadOnlySpan<byte> bytes, JobFileErrors errors)
    {
        var buffer = new char[bytes.Length];
        Utf8.ToUtf16(bytes, buffer, out _, out var written, replaceInvalidSequences: false);
        var text = buffer.AsSpan(0, written);

        // Also because YAML readers take a zero character for the end of the file.
        var control = FieldWords.IndexOfControl(text);
        if (control >= 0)
            errors.AddControl(text[control], new(), FilePosition.EndOf(text[..control]));
        else if (!Utf8.IsValid(bytes))
            errors.Add(JobCode.InvalidUtf8, "", "The file is not UTF-8 from here on; save it as UTF-8.", FilePosition.EndOf(text));
        return errors.IsEmpty ? text.ToString() : null;
    }
}
