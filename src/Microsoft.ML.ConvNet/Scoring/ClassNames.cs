using System.Text.Json;
using Microsoft.ML.ConvNet.Serialization;
using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Scoring;

/// <summary>
/// The names of the classes: the key values of the label column, which the predicted label carries on so that
/// MapKeyToValue finds them. They are text as a rule; numbers, truth values and times stay what they are.
/// </summary>
internal abstract class ClassNames
{
    private const string KeyValues = "KeyValues";

    /// <summary>The type of the annotation: a vector of the values' type.</summary>
    public abstract VectorDataViewType Type { get; }

    /// <summary>Whether the names are text and so can name the slots of the scores.</summary>
    public bool IsText => Type.ItemType is TextDataViewType;

    /// <summary>The name of a class, for messages.</summary>
    public abstract string this[int index] { get; }

    /// <summary>The number of classes.</summary>
    private int Count => Type.Size;

    /// <summary>Whether other names are the same, in the same order.</summary>
    public bool SameAs(ClassNames other)
        => Type.Equals(other.Type) && Enumerable.Range(0, Count).All(i => this[i] == other[i]);

    /// <summary>The first names, for messages.</summary>
    public override string ToString()
        => string.Join(", ", Enumerable.Range(0, Math.Min(10, Count)).Select(i => $"'{this[i]}'")) + (Count > 10 ? " …" : "");

    /// <summary>Adds the names as an annotation.</summary>
    public abstract void AddTo(DataViewSchema.Annotations.Builder annotations, string kind);

    /// <summary>The values as a model file stores them.</summary>
    public abstract StoredNames Store();

    /// <summary>The names of a label column, or null where it has none or they are of a type that cannot be stored.</summary>
    public static ClassNames? Of(DataViewSchema.Column label)
    {
        var column = label.Annotations.Schema.GetColumnOrNull(KeyValues);
        if (column?.Type is not VectorDataViewType type || label.Type is not KeyDataViewType key || (ulong)type.Size != key.Count)
            return null;
        return Kinds.FirstOrDefault(k => k.ItemType.Equals(type.ItemType))?.Read(label);
    }

    /// <summary>Whether names of a type can be stored.</summary>
    public static bool CanBe(DataViewType itemType) => Kinds.Any(k => k.ItemType.Equals(itemType));

    /// <summary>The names in a model file.</summary>
    /// <exception cref="FormatException">The type is unknown.</exception>
    public static ClassNames Restore(StoredNames stored)
        => Kinds.FirstOrDefault(k => k.Name == stored.Type)?.Restore(stored)
            ?? throw new FormatException($"The class names are of the unknown type '{stored.Type}'.");

    private static IReadOnlyList<Kind> Kinds { get; } =
    [
        new Kind<ReadOnlyMemory<char>>("Text", TextDataViewType.Instance, v => JsonSerializer.SerializeToElement(v.ToString()), e => (e.GetString() ?? "").AsMemory()),
        Plain<bool>("Boolean", BooleanDataViewType.Instance),
        Plain<DateTime>("DateTime", DateTimeDataViewType.Instance),
        Plain<TimeSpan>("TimeSpan", TimeSpanDataViewType.Instance),
        Plain<sbyte>("SByte", NumberDataViewType.SByte),
        Plain<byte>("Byte", NumberDataViewType.Byte),
        Plain<short>("Int16", NumberDataViewType.Int16),
        Plain<ushort>("UInt16", NumberDataViewType.UInt16),
        Plain<int>("Int32", NumberDataViewType.Int32),
        Plain<uint>("UInt32", NumberDataViewType.UInt32),
        Plain<long>("Int64", NumberDataViewType.Int64),
        Plain<ulong>("UInt64", NumberDataViewType.UInt64),
        Plain<float>("Single", NumberDataViewType.Single),
        Plain<double>("Double", NumberDataViewType.Double),
    ];

    private static Kind<T> Plain<T>(string name, PrimitiveDataViewType type)
        => new(name, type, v => JsonSerializer.SerializeToElement(v, SlabFile.Json), e => e.Deserialize<T>(SlabFile.Json)!);

    /// <summary>Names as JSON: the type, and the values.</summary>
    internal sealed record StoredNames(string Type, IReadOnlyList<JsonElement> Values);

    private abstract record Kind(string Name, PrimitiveDataViewType ItemType)
    {
        public abstract ClassNames Read(DataViewSchema.Column label);

        public abstract ClassNames Restore(StoredNames stored);
    }

    private sealed record Kind<T>(string Name, PrimitiveDataViewType ItemType, Func<T, JsonElement> Write, Func<JsonElement, T> Parse)
        : Kind(Name, ItemType)
    {
        public override ClassNames Read(DataViewSchema.Column label)
        {
            var values = default(VBuffer<T>);
            label.Annotations.GetValue(KeyValues, ref values);
            return new Names<T>(this, [.. values.DenseValues()]);
        }

        public override ClassNames Restore(StoredNames stored) => new Names<T>(this, [.. stored.Values.Select(Parse)]);
    }

    private sealed class Names<T>(Kind<T> kind, T[] values) : ClassNames
    {
        public override VectorDataViewType Type { get; } = new(kind.ItemType, values.Length);

        public override string this[int index] => values[index]?.ToString() ?? "";

        public override void AddTo(DataViewSchema.Annotations.Builder annotations, string name)
            => annotations.Add(name, Type, (ref VBuffer<T> target) =>
            {
                var editor = VBufferEditor.Create(ref target, values.Length);
                values.CopyTo(editor.Values);
                target = editor.Commit();
            });

        public override StoredNames Store() => new(kind.Name, [.. values.Select(kind.Write)]);
    }
}
