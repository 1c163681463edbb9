namespace OrleansScheduler.Core;

/// <summary>The rules that the constraints of a job must keep.</summary>
internal static class ConstraintRules
{
    public static void Check(JobSpec spec, JobFindings findings)
    {
        if (spec.Constraints.Length > JobLimits.MaxConstraints)
            findings.Add(JobCode.AboveMaximum, "constraints", $"A job has at most {JobLimits.MaxConstraints} constraints.");
        else
            for (var i = 0; i < spec.Constraints.Length; i++) Check(spec.Key, spec.Constraints[i], $"constraints[{i}]", findings);
    }

    private static void Check(JobKey job, Constraint constraint, string path, JobFindings findings)
    {
        if (!JobKey.IsValidPart(constraint.Attribute))
            findings.Add(JobCode.BadName, path,
                $"{FieldWords.Show(constraint.Attribute)} is not the name of an attribute: {JobKey.PartRule}.");
        path = JobFilePath.Join(path, constraint.Attribute);
        if (constraint.Attribute == Constraint.DedicatedAttribute)
        {
            CheckDedicated(job, constraint, path, findings);
            return;
        }

        switch (constraint)
        {
            case Constraint.Limit limit:
                findings.CheckRange(limit.Count, WholeRange.LimitCount, path);
                break;
            case Constraint.Spread spread:
                findings.CheckRange(spread.MaxSkew, WholeRange.Skew, path);
                break;
            case Constraint.Affinity affinity:
                CheckAffinity(job, affinity, path, findings);
                break;
            case Constraint.Value value:
                CheckValues(value, path, findings);
                break;
        }
    }

    private static void CheckAffinity(JobKey job, Constraint.Affinity affinity, string path, JobFindings findings)
    {
        if (!JobKey.TryParse(affinity.Job.ToString(), out _))
            findings.Add(JobCode.BadName, path, $"{FieldWords.Show(affinity.Job.ToString())} is not a job: role/env/name.");
        else if (affinity.Job == job && !affinity.Apart)
            findings.Add(JobCode.AffinityToItself, path,
                "The first instance of a job that goes only where the job already is could never start; name another job.");
    }

    private static void CheckValues(Constraint.Value value, string path, JobFindings findings)
    {
        if (value.Values is []) findings.Add(JobCode.ConstraintSyntax, path, "A constraint needs a value at least.");
        foreach (var text in value.Values)
        {
            findings.CheckText(text, path);
            findings.CheckLength(text, path);
            if (text is [] or ['!', ..])
                findings.Add(JobCode.ConstraintSyntax, path, "A value is a text that is not empty and has no '!' of its own.");
        }
    }

    /// <summary>As Aurora: who may use dedicated nodes is part of their name, and a job names exactly one group of them.</summary>
    private static void CheckDedicated(JobKey job, Constraint constraint, string path, JobFindings findings)
    {
        if (constraint is not Constraint.Value { Negated: false, Values: [var text] } || text.Split('/') is not [var role, var name]
            || !(role == "*" || JobKey.IsValidPart(role)) || !JobKey.IsValidPart(name))
        {
            findings.Add(JobCode.ConstraintSyntax, path,
                $"Dedicated nodes are asked for by exactly one value, 'role/name' or '*/name', such as '{job.Role}/database'.");
        }
        else if (role != "*" && role != job.Role)
        {
            findings.Add(JobCode.DedicatedRole, path, $"Only {role} may use hosts dedicated for that role.");
        }
    }
}
