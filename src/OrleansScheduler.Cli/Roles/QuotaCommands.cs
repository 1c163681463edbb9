using System.CommandLine;

namespace OrleansScheduler.Cli;

/// <summary><c>osched quota …</c>: what roles get at least and at most, and how they share.</summary>
internal static class QuotaCommands
{
    private static readonly Listing<RoleView> Roles = new(
        role => role.Role,
        new("ROLE", role => role.Role),
        new("LIMIT", role => role.Quota is { } quota ? ResourceText.Format(quota.Limit) : "none"),
        new("GUARANTEE", role => role.Quota is { } quota ? quota.Guarantee.ToString() : "nothing"),
        new("HAS", role => role.Allocated.ToString()),
        new("SHARE", role => Words.Percent(role.Share)),
        new("WAITING", role => $"{role.Waiting}"),
        new("WEIGHT", role => Words.Number(role.Weight), WideOnly: true),
        new("COUNTS", role => role.Consumed.ToString(), WideOnly: true),
        new("WARNING", role => new(role.Warning ?? "", Tone.Busy), WideOnly: true));

    public static Verb Create(Shell shell) => new Verb(
        shell, "quota", "Look at what roles may use, and change it", "quota list", "quota set shop --limit cpu=10,memory=64GiB")
        .With(CreateList(shell), CreateGet(shell), CreateSet(shell), CreateRemove(shell));

    private static Argument<string> Role() => new("role") { Description = "The role, such as shop or eng.web" };

    private static Verb CreateList(Shell shell)
    {
        var limit = Arguments.Limit();
        var verb = new Verb(
            shell, "list", "List roles with their quotas and what they have", "quota list", "quota list -o wide")
        { Aliases = { "ls" } };
        return verb.With(limit).Runs(async (session, cancellationToken) => session.List(
            await Session.AllAsync(page => session.Client.ListRolesAsync(page, cancellationToken), session.Value(limit)), Roles));
    }

    private static Verb CreateGet(Shell shell)
    {
        var role = Role();
        return new Verb(shell, "get", "Show one role", "quota get shop", "quota get eng.web -o json")
            .With(role).Runs(async (session, cancellationToken) =>
                Show(session, await session.Client.DescribeRoleAsync(session.Value(role), cancellationToken)));
    }

    private static Verb CreateSet(Shell shell)
    {
        var (role, operation) = (Role(), Arguments.Operation());
        var limit = Arguments.Amounts("--limit", "What the role never exceeds; a resource that is not named has no limit");
        var guarantee = Arguments.Amounts("--guarantee", "What is kept available for the role; nothing when it is not given");
        var production = Arguments.Amounts(
            "--production", "What jobs of the preferred tier may ask for in all: cpu, memory and disk; more is refused");
        var weight = new Option<double?>("--weight") { Description = "Its part among its siblings, above 0", HelpName = "number" };
        var force = new Option<bool>("--force") { Description = "Also below what is in use, or above what the cell has" };
        return new Verb(
            shell, "set", "Set a role's quota, its weight, or both; a new quota replaces the old one as a whole",
            "quota set shop --limit cpu=10,memory=64GiB --guarantee cpu=2 --weight 2", "quota set eng.web --weight 3",
            "quota set shop:prod --production cpu=100,memory=1TiB,disk=10TiB")
            .With(role, limit, guarantee, production, weight, force, operation).Runs(async (session, cancellationToken) =>
            {
                var change = new RoleChange
                {
                    Limit = session.Value(limit),
                    Guarantee = session.Value(guarantee) is { } amounts ? ResourceText.ToResources(amounts) : null,
                    Production = session.Value(production),
                    Weight = session.Value(weight),
                    Force = session.Value(force),
                };
                if (change is { Limit: null, Guarantee: null, Production: null, Weight: null })
                    return session.Refuse("name what to set: --limit, --guarantee, --production or --weight");
                if (change.Weight is { } number && !(double.IsFinite(number) && number > 0))
                    return session.Refuse("--weight: expected a number above 0");
                return Show(session, await Change.SendAsync(
                    session, session.Value(operation),
                    key => session.Client.SetRoleAsync(session.Value(role), change, key, cancellationToken)));
            });
    }

    private static Verb CreateRemove(Shell shell)
    {
        var (role, operation) = (Role(), Arguments.Operation());
        return new Verb(shell, "remove", "Take a role's quota away; its weight stays", "quota remove shop")
            .With(role, operation).Runs(async (session, cancellationToken) => Show(session, await Change.SendAsync(
                session, session.Value(operation),
                key => session.Client.RemoveQuotaAsync(session.Value(role), key, cancellationToken))));
    }

    private static int Show(Session session, Answer<RoleView> answer)
    {
        if (answer.Problem is { } problem) return session.Fail(problem);
        session.Printer.One(answer.Value!, Roles, role => session.Printer.Facts(
            ("Role", role.Role),
            ("Limit", role.Quota is { } quota ? ResourceText.Format(quota.Limit) : "none"),
            ("Guarantee", (role.Quota?.Guarantee ?? Resources.None).ToString()),
            ("Production", role.Quota?.Production is { } most ? $"{ResourceText.Format(most)}; counted: {role.Production}" : ""),
            ("Weight", Words.Number(role.Weight)),
            ("Has", role.Allocated.ToString()),
            ("Counts", role.Consumed.ToString()),
            ("Share", Words.Percent(role.Share)),
            ("Waiting", $"{role.Waiting}"),
            ("Warning", new(role.Warning ?? "", Tone.Busy))));
        return ExitCode.Ok;
    }
}
