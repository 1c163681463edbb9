using System.Globalization;
using System.Reflection;
using Google.Protobuf.Reflection;
using OrleansScheduler.Contracts;

namespace OrleansScheduler.Silo.Tests;

/// <summary>
/// Everything that another version relies on, one line each, as <c>name = what it is</c>: aliases and members of serialised types, methods
/// of grain interfaces, types of grains that own rows, fields of the agents' protocol.
/// </summary>
internal static class ContractManifest
{
    private static readonly Assembly[] Assemblies = [typeof(JobKey).Assembly, typeof(IJobGrain).Assembly, typeof(JournalRow).Assembly];

    /// <summary>Types that are written in the form of another type, by that one.</summary>
    private static readonly Dictionary<Type, Type> Written = Assemblies.SelectMany(assembly => assembly.GetTypes())
        .Where(type => type.GetCustomAttribute<RegisterConverterAttribute>() is not null)
        .Select(type => type.GetInterfaces().Single(i => i.GetGenericTypeDefinition() == typeof(IConverter<,>)).GetGenericArguments())
        .ToDictionary(types => types[1], types => types[0]);

    public static SortedDictionary<string, string> Read()
    {
        var lines = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var type in Assemblies.SelectMany(assembly => assembly.GetTypes()))
        {
            if (type.GetCustomAttribute<GenerateSerializerAttribute>() is not null) AddType(lines, type);
            if (type is { IsEnum: true, IsNested: false }) AddEnum(lines, type);
            if (type.IsInterface && type.IsAssignableTo(typeof(Orleans.Runtime.IAddressable))) AddInterface(lines, type);
            if (type.IsAssignableTo(typeof(Grain)) && !type.IsAbstract)
            {
                lines[$"grain {type.Name}"] = type.GetCustomAttribute<GrainTypeAttribute>() is { } named
                    ? named.GetGrainType(null!, type).ToString()!
                    : type.Name[..^"Grain".Length].ToLowerInvariant();
            }
        }

        foreach (var message in AgentProtocol.MessageTypes.SelectMany(Nested)) AddMessage(lines, message);
        foreach (var values in AgentProtocol.EnumTypes.Concat(AgentProtocol.MessageTypes.SelectMany(Nested).SelectMany(m => m.EnumTypes)))
        {
            foreach (var value in values.Values) lines[$"proto {values.FullName}.{value.Number}"] = value.Name;
        }

        foreach (var service in AgentProtocol.Services)
        {
            foreach (var method in service.Methods)
                lines[$"proto {service.FullName}.{method.Name}"] = $"{method.InputType.Name} to {method.OutputType.Name}";
        }

        return lines;
    }

    private static FileDescriptor AgentProtocol => Assemblies[1].GetTypes()
        .Select(type => type.GetProperty("Descriptor", BindingFlags.Public | BindingFlags.Static))
        .Where(property => property?.PropertyType == typeof(FileDescriptor))
        .Select(property => (FileDescriptor)property!.GetValue(null)!)
        .Single();

    private static IEnumerable<MessageDescriptor> Nested(MessageDescriptor message) =>
        message.NestedTypes.SelectMany(Nested).Prepend(message);

    private static void AddMessage(SortedDictionary<string, string> lines, MessageDescriptor message)
    {
        foreach (var field in message.Fields.InDeclarationOrder())
        {
            var type = field.FieldType switch
            {
                FieldType.Message => field.MessageType.FullName,
                FieldType.Enum => field.EnumType.FullName,
                _ => $"{field.FieldType}",
            };
            lines[$"proto {message.FullName}.{field.FieldNumber.ToString(CultureInfo.InvariantCulture)}"] =
                $"{(field.IsRepeated ? "repeated " : "")}{type} {field.Name}";
        }
    }

    /// <summary>What is written of an enum is its value, whatever its type is called.</summary>
    private static void AddEnum(SortedDictionary<string, string> lines, Type type)
    {
        foreach (var value in Enum.GetValues(type))
        {
            var number = Convert.ToInt64(value, CultureInfo.InvariantCulture);
            lines[$"enum {type.Name}.{number.ToString(CultureInfo.InvariantCulture)}"] = $"{value}";
        }
    }

    private static void AddInterface(SortedDictionary<string, string> lines, Type type)
    {
        var name = Alias(type) ?? type.FullName!;
        foreach (var method in type.GetMethods())
        {
            var alias = Alias(method) ?? method.Name;
            var parameters = string.Join(", ", method.GetParameters().Select(parameter => Name(parameter.ParameterType)));
            lines[$"method {name}.{alias}"] = $"({parameters}) {Name(method.ReturnType)}";
        }
    }

    private static void AddType(SortedDictionary<string, string> lines, Type type)
    {
        var name = Alias(type) ?? type.FullName!;
        lines[$"type {name}"] = Written.GetValueOrDefault(type, type).IsValueType ? "value" : "class";
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        foreach (var member in type.GetMembers(Own))
        {
            if (member.GetCustomAttribute<IdAttribute>() is not { } id) continue;
            var memberType = member is PropertyInfo property ? property.PropertyType : ((FieldInfo)member).FieldType;
            lines[$"type {name}.{id.Id.ToString(CultureInfo.InvariantCulture)}"] = $"{Name(memberType)} {member.Name}";
        }
    }

    /// <summary>The current alias; those of former names stand behind it.</summary>
    private static string? Alias(MemberInfo member) => member.GetCustomAttributes<AliasAttribute>().FirstOrDefault()?.Alias;

    /// <summary>A type as the serialiser names it.</summary>
    private static string Name(Type type)
    {
        if (type.IsArray) return $"{Name(type.GetElementType()!)}[]";
        if (type.IsGenericParameter) return type.Name;
        if (Written.FirstOrDefault(pair => pair.Value == type).Key is { } form) return Name(form);
        var name = Alias(type.IsGenericType ? type.GetGenericTypeDefinition() : type) ?? type.Name;
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : name;
    }
}
