namespace OrleansScheduler.Chaos;

/// <summary>S5: what the outcome of an operation was said to be, it was.</summary>
internal static class OutcomeCheck
{
    public static (int Judged, IEnumerable<string> Violations) Judge(Evidence evidence)
    {
        var operations = Operation.Of(evidence.History);
        Operation[] repeated = [.. operations.Where(operation => operation.Answers.Length > 1)];
        Operation[] open = [.. operations.Where(operation => operation.Op == "submit" && operation.Outcome != OutcomeKind.Ok)];
        return (repeated.Length + open.Length, [.. repeated.SelectMany(Answers), .. open.SelectMany(Effects)]);

        static IEnumerable<string> Answers(Operation operation)
        {
            var first = operation.Answers[0];
            return from other in operation.Answers.Skip(1)
                   where (other.Version, other.Outcome) != (first.Version, first.Outcome)
                   select $"{operation.Op} {operation.Job} with key {operation.Asked.Key} was answered {first.Version} {first.Outcome}, "
                       + $"then {other.Version} {other.Outcome}";
        }

        IEnumerable<string> Effects(Operation submit)
        {
            // A name that was submitted again under another key says nothing about this one.
            if (operations.Any(other => other != submit && other.Op == "submit" && other.Job == submit.Job)) yield break;
            if (evidence.Final?.Jobs.GetValueOrDefault(submit.Job) is not { } job) yield break;
            if (submit.Outcome == OutcomeKind.Fail) yield return $"{submit.Job} was refused and exists";
            else if (job.Instances != submit.Asked.Instances || job.Version != 1)
                yield return $"{submit.Job} is there by half: version {job.Version}, {job.Instances} of {submit.Asked.Instances} instances";
        }
    }
}
