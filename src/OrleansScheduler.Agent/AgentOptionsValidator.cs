using System.Net;
using Microsoft.Extensions.Options;

namespace OrleansScheduler.Agent;

/// <summary>Refuses settings that cannot work, all at once, each by the name of its key.</summary>
internal sealed class AgentOptionsValidator : IValidateOptions<AgentOptions>
{
    public ValidateOptionsResult Validate(string? name, AgentOptions options)
    {
        var errors = new List<string>();
        Check(JobKey.IsValidPart(options.NodeId), $"Agent:NodeId is '{options.NodeId}'; it must be {JobKey.PartRule}.");
        Check(
            options.Host.Length is > 0 and <= 255 && !options.Host.Any(char.IsWhiteSpace),
            $"Agent:Host is '{options.Host}'; it must be a host name or an address.");
        Check(
            GatewayAddresses.Split(options.GatewayUrl).All(IsAddress),
            $"Agent:GatewayUrl is '{options.GatewayUrl}'; it must be an address such as http://127.0.0.1:7071, or several with commas.");
        Check(options.StateDirectory.Length > 0, "Agent:StateDirectory is empty; it must be a directory.");
        Check(
            PortRange.TryParse(options.Ports, out _),
            $"Agent:Ports is '{options.Ports}'; it must be first and last port, such as 31000-32000, within 1-65535.");
        Check(
            options.ReconnectDelay >= TimeSpan.Zero && options.ReconnectDelay <= TimeSpan.FromMinutes(1),
            "Agent:ReconnectDelay must be between 0 and 1 minute.");
        Check(
            options.ConcurrentStarts is >= 1 and <= 256,
            $"Agent:ConcurrentStarts is {options.ConcurrentStarts}; it must be between 1 and 256.");
        Check(
            options.Dns.Listen.Length == 0 || (IPEndPoint.TryParse(options.Dns.Listen, out _) && options.Dns.Listen.Contains(':')),
            $"Agent:Dns:Listen is '{options.Dns.Listen}'; it must be an address and a port such as 127.0.0.1:8600, or empty.");
        Check(
            options.Dns.Ttl >= TimeSpan.Zero && options.Dns.Ttl <= TimeSpan.FromHours(1),
            "Agent:Dns:Ttl must be between 0 and 1 hour.");
        Check(
            options.UsageEvery >= TimeSpan.FromSeconds(1) && options.UsageEvery <= TimeSpan.FromMinutes(5),
            "Agent:UsageEvery must be between 1 second and 5 minutes.");
        Check(
            options.MinFreeDisk is >= 0 and <= 100,
            $"Agent:MinFreeDisk is {options.MinFreeDisk}; it must be between 0 and 100 percent.");
        Check(options.SandboxRetention >= TimeSpan.Zero, "Agent:SandboxRetention must not be negative.");
        Check(options.SandboxesKept >= 0, "Agent:SandboxesKept must not be negative.");
        Check(
            Amount.IsCountOrNothing(options.Capacity.Cpu),
            $"Agent:Capacity:Cpu is '{options.Capacity.Cpu}'; it must be a number of cores such as 2, 0.5 or 500m.");
        Check(
            Amount.IsSizeOrNothing(options.Capacity.Memory),
            $"Agent:Capacity:Memory is '{options.Capacity.Memory}'; it must be a size such as 512MiB or 16GiB.");
        Check(
            Amount.IsSizeOrNothing(options.Capacity.Disk),
            $"Agent:Capacity:Disk is '{options.Capacity.Disk}'; it must be a size such as 100GiB.");
        Check(
            Amount.IsCountOrNothing(options.Capacity.Gpus),
            $"Agent:Capacity:Gpus is '{options.Capacity.Gpus}'; it must be a number such as 1.");
        Check(
            options.System.Length == 0 || ResourceText.Parse(options.System).Problem is null,
            $"Agent:System is '{options.System}'; it must be amounts such as cpu=0.5,memory=1GiB, or empty.");
        Check(options.GpuTool.Length > 0, "Agent:GpuTool is empty; it must be a program such as nvidia-smi.");
        foreach (var (attribute, values) in options.Attributes)
        {
            Check(
                JobKey.IsValidPart(attribute) && values.Split(',').All(value => value.Trim().Length is > 0 and <= 256),
                $"Agent:Attributes:{attribute} is '{values}'; the name must be {JobKey.PartRule}, "
                    + "the values one or more words with commas between them.");
        }

        Check(
            !options.Attributes.ContainsKey(TaskDrivers.Attribute),
            $"Agent:Attributes:{TaskDrivers.Attribute} is found out by the agent itself; leave it out.");
        CheckContainers(options.Container, Check);
        options.Artifacts.Check(Check);
        CheckDeclared(options, Check);
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Check(bool holds, string message)
        {
            if (!holds) errors.Add(message);
        }
    }

    private static void CheckContainers(ContainerOptions options, Action<bool, string> check)
    {
        foreach (var (name, list) in (ReadOnlySpan<(string, string)>)[("Images", options.Images), ("Mounts", options.Mounts)])
        {
            var names = name == "Mounts" ? (Func<string, bool>)(item => item == "*" || JobKey.IsValidPart(item)) : _ => false;
            check(
                ContainerOptions.Split(list).All(item => item.StartsWith('/') || names(item)),
                $"Agent:Container:{name} is '{list}'; it must be absolute paths with commas between.");
        }

        check(
            options.Socket is null or "" or "none" || options.Socket.StartsWith('/'),
            $"Agent:Container:Socket is '{options.Socket}'; it must be an absolute path, or none.");
        check(
            options.Runtime is null or "none" || options.Runtime.StartsWith('/'),
            $"Agent:Container:Runtime is '{options.Runtime}'; it must be an absolute path, or none.");
        check(
            System.Net.IPAddress.TryParse(options.HostIp, out _),
            $"Agent:Container:HostIp is '{options.HostIp}'; it must be an address such as 127.0.0.1.");
        check(
            Units.ParseMiB(options.MaxImageSize) is { Problem: null, Value: > 0 },
            $"Agent:Container:MaxImageSize is '{options.MaxImageSize}'; it must be a size such as 20GiB.");
        check(options.MaxProcesses is >= 1 and <= 4_000_000, "Agent:Container:MaxProcesses must be between 1 and 4000000.");
        check(
            options.PullTimeout >= TimeSpan.FromSeconds(1) && options.PullTimeout <= TimeSpan.FromDays(1),
            "Agent:Container:PullTimeout must be between 1 second and 1 day.");
        check(options.ImagesKept >= 0, "Agent:Container:ImagesKept must not be negative.");
        check(options.EngineGrace >= TimeSpan.Zero, "Agent:Container:EngineGrace must not be negative.");
    }

    private static void CheckDeclared(AgentOptions options, Action<bool, string> check)
    {
        foreach (var (role, amounts) in options.Reserved)
        {
            check(RoleText.TryRead(role, out _), $"Agent:Reserved:{role} is for no role; a role is {RoleText.Rule}.");
            check(
                ResourceText.Parse(amounts).Problem is null,
                $"Agent:Reserved:{role} is '{amounts}'; it must be amounts such as cpu=2,memory=4GiB.");
        }

        foreach (var (name, amount) in options.Custom)
            check(Amount.Millis(amount) is not null, $"Agent:Custom:{name} is '{amount}'; it must be a number such as 1000 or 0.5.");

        var reserved = DeclaredResources.Reserved(options);
        check(reserved.Count == options.Reserved.Count(DeclaredResources.IsReservation), "Agent:Reserved names a role twice.");
        if (NodeRules.CheckReserved(reserved) is { } broken) check(false, $"Agent:Reserved breaks a rule: {broken}.");
        else check(FitsWhatIsGiven(reserved.Values, options.Capacity), "Agent:Reserved is more than Agent:Capacity in all.");
        if (NodeRules.CheckCustom(DeclaredResources.Custom(options)) is { } rule)
            check(false, $"Agent:Custom and Agent:Sets break a rule: {rule}.");
        check(
            NodeRules.IsOvercommit(options.Overcommit),
            $"Agent:Overcommit is {options.Overcommit}; it must be between 1 and {NodeRules.MaxOvercommit}.");
    }

    private static bool IsAddress(string text) => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https";

    /// <summary>What is detected is not compared: a disk that has filled up must not keep the agent of running tasks away.</summary>
    private static bool FitsWhatIsGiven(IEnumerable<Resources> reserved, CapacityOptions capacity) =>
        reserved.Aggregate(Resources.None, (sum, amount) => sum + amount).FitsInto(new(
            Amount.Millis(capacity.Cpu) ?? long.MaxValue, Amount.MiB(capacity.Memory) ?? long.MaxValue,
            Amount.MiB(capacity.Disk) ?? long.MaxValue, Amount.Millis(capacity.Gpus) ?? long.MaxValue));
}
