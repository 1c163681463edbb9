namespace OrleansScheduler.Gateway;

/// <summary>Hands the documents of a job file to their jobs.</summary>
internal sealed class JobSubmission(IGrainFactory grains)
{
    /// <summary>
    /// Submits in the order of the documents, but what a job waits for before that job, and stops at the first that is refused. Repeating
    /// it with the same operation does nothing twice.
    /// </summary>
    public async Task<(ImmutableArray<SubmitReceipt> Accepted, Problem? Problem)> Submit(
        ImmutableArray<JobSpec> specs, string operation, int? expectedVersion, string actor, CancellationToken cancellationToken)
    {
        if (expectedVersion is not null && specs.Length > 1) return ([], OneVersionManyJobs(specs.Length));

        if (await DependencySearch.Check(specs, grains, cancellationToken) is { } circle) return ([], circle);

        var receipts = new SortedDictionary<int, SubmitReceipt>();
        foreach (var document in DependencyRules.Order(specs))
        {
            var spec = specs[document];
            var command = new SubmitCommand(document == 0 ? operation : $"{operation}/{document}", spec, expectedVersion, actor);
            var answer = await Submit(command, cancellationToken);
            if (answer.Problem is { } problem)
                return ([.. receipts.Values], specs.Length == 1 ? problem : Locate(problem, spec.Key, document));
            receipts.Add(document, answer.Value!);
        }

        return ([.. receipts.Values], null);
    }

    private async Task<Answer<SubmitReceipt>> Submit(SubmitCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await grains.GetGrain<IJobGrain>(command.Spec.Key.ToString()).Submit(command, cancellationToken);
        }
        catch (Exception exception) when (Failures.OfGrainCall(exception, HttpMethods.Post) is not null)
        {
            // As a value, so that the caller also learns which documents have been accepted.
            return Failures.OfGrainCall(exception, HttpMethods.Post)!;
        }
    }

    private static Problem OneVersionManyJobs(int documents) => new(
        ProblemKind.Malformed, "bad-if-match", $"If-Match names the version of one job, and the file has {documents}.",
        [new("bad-if-match", "If-Match", "Send one document at a time with If-Match.", 0, 0, 0)]);

    private static Problem Locate(Problem problem, JobKey key, int document) => problem with
    {
        Message = $"Document {document} ({key}): {problem.Message}",
        Errors = problem.Errors.IsEmpty
            ? [new(problem.Code, "", problem.Message, 0, 0, document)]
            : [.. problem.Errors.Select(error => error with { Document = document })],
    };
}
