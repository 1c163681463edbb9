namespace OrleansScheduler.Core;

/// <summary>The fields of one mapping while it is read; sees to it that each name stands there once.</summary>
internal sealed class JobFileFields(JobFilePath path, JobFileErrors errors)
{
    private readonly ImmutableArray<JobFileNode.Field>.Builder _fields = ImmutableArray.CreateBuilder<JobFileNode.Field>();
    private readonly HashSet<string> _names = [];

    public void Add(JobFileNode.Field field)
    {
        path.Enter(field.Name);
        errors.CheckText(field.Name, path, field.NameAt);
        if (_names.Add(field.Name)) _fields.Add(field);
        else errors.Add(JobCode.DuplicateKey, path, $"{FieldWords.Show(field.Name)} stands here twice; keep one.", field.NameAt);
        path.Leave();
    }

    public JobFileNode.Mapping ToMapping(FilePosition at) => new(_fields.DrainToImmutable(), at);
}
