namespace OrleansScheduler.Core;

/// <summary>The fields of one mapping while it is read; sees to it that each name stands there once.</summary>
internal sealed class JobFileFields(string path, JobFileErrors errors)
{
    private readonly ImmutableArray<JobFileNode.Field>.Builder _fields = ImmutableArray.CreateBuilder<JobFileNode.Field>();
    private readonly HashSet<string> _names = [];

    public string PathOf(string name) => Join(path, name);

    public void Add(JobFileNode.Field field)
    {
        errors.CheckText(field.Name, PathOf(field.Name), field.NameAt);
        if (_names.Add(field.Name)) _fields.Add(field);
        else errors.Add(JobCode.DuplicateKey, PathOf(field.Name), $"{FieldWords.Show(field.Name)} stands here twice; keep one.", field.NameAt);
    }

    public JobFileNode.Mapping ToMapping(FilePosition at) => new(_fields.DrainToImmutable(), at);

    /// <summary>The path of a field, fit to be shown.</summary>
    public static string Join(string path, string name) => path.Length == 0 ? FieldWords.Plain(name) : $"{path}.{FieldWords.Plain(name)}";
}
