// Stand-in for feeds without Microsoft.ML, with the behaviour of Microsoft.ML 5.0.0: schemas and values in an archive; columns that are no primitives or vectors are left out.
using System.Reflection;

namespace Microsoft.ML.Data;

internal static class SchemaFile
{
    private static readonly PrimitiveDataViewType[] Types =
    [
        NumberDataViewType.SByte, NumberDataViewType.Byte, NumberDataViewType.Int16, NumberDataViewType.UInt16, NumberDataViewType.Int32,
        NumberDataViewType.UInt32, NumberDataViewType.Int64, NumberDataViewType.UInt64, NumberDataViewType.Single, NumberDataViewType.Double,
        TextDataViewType.Instance, BooleanDataViewType.Instance, RowIdDataViewType.Instance, DateTimeDataViewType.Instance, TimeSpanDataViewType.Instance,
    ];

    private const byte KeyCode = 254;
    private const byte VectorCode = 255;

    public static void Write(BinaryWriter writer, DataViewSchema schema, Action<DataViewSchema.Column> leftOut)
    {
        foreach (var column in schema.Where(column => !column.Type.IsCacheable()))
            leftOut(column);
        var columns = schema.Where(column => column.Type.IsCacheable()).ToArray();
        writer.Write(columns.Length);
        foreach (var column in columns)
        {
            writer.Write(column.Name);
            WriteType(writer, column.Type);
            var annotations = column.Annotations.Schema.Where(annotation => annotation.Type.IsCacheable()).ToArray();
            writer.Write(annotations.Length);
            foreach (var annotation in annotations)
            {
                writer.Write(annotation.Name);
                WriteType(writer, annotation.Type);
                Generic(nameof(WriteAnnotation), annotation.Type.RawType).Invoke(null, [writer, column.Annotations, annotation.Name]);
            }
        }
    }

    public static DataViewSchema Read(BinaryReader reader)
    {
        var builder = new DataViewSchema.Builder();
        for (var columns = reader.ReadInt32(); columns > 0; columns--)
        {
            var name = reader.ReadString();
            var type = ReadType(reader);
            var annotations = new DataViewSchema.Annotations.Builder();
            for (var left = reader.ReadInt32(); left > 0; left--)
            {
                var kind = reader.ReadString();
                var annotationType = ReadType(reader);
                Generic(nameof(ReadAnnotation), annotationType.RawType).Invoke(null, [reader, annotations, kind, annotationType]);
            }
            builder.AddColumn(name, type, annotations.ToAnnotations());
        }
        return builder.ToSchema();
    }

    public static void WriteType(BinaryWriter writer, DataViewType type)
    {
        switch (type)
        {
            case VectorDataViewType vector:
                writer.Write(VectorCode);
                WriteType(writer, vector.ItemType);
                writer.Write(vector.Dimensions.Length);
                foreach (var dimension in vector.Dimensions)
                    writer.Write(dimension);
                break;
            case KeyDataViewType key:
                writer.Write(KeyCode);
                WriteType(writer, DataViewTypes.PrimitiveOf(key.RawType));
                writer.Write(key.Count);
                break;
            default:
                writer.Write((byte)Array.IndexOf(Types, type));
                break;
        }
    }

    public static DataViewType ReadType(BinaryReader reader)
    {
        var code = reader.ReadByte();
        switch (code)
        {
            case VectorCode:
                var item = (PrimitiveDataViewType)ReadType(reader);
                return new VectorDataViewType(item, Enumerable.Range(0, reader.ReadInt32()).Select(_ => reader.ReadInt32()).ToArray());
            case KeyCode:
                return new KeyDataViewType(ReadType(reader).RawType, reader.ReadUInt64());
            default:
                return code < Types.Length ? Types[code] : throw new FormatException("Corrupt model file: an unknown type");
        }
    }

    public static void WriteValue<T>(BinaryWriter writer, T value)
    {
        switch (value)
        {
            case ReadOnlyMemory<char> text: writer.Write(text.ToString()); break;
            case bool x: writer.Write(x); break;
            case sbyte x: writer.Write(x); break;
            case byte x: writer.Write(x); break;
            case short x: writer.Write(x); break;
            case ushort x: writer.Write(x); break;
            case int x: writer.Write(x); break;
            case uint x: writer.Write(x); break;
            case long x: writer.Write(x); break;
            case ulong x: writer.Write(x); break;
            case float x: writer.Write(x); break;
            case double x: writer.Write(x); break;
            case DateTime x: writer.Write(x.ToBinary()); break;
            case TimeSpan x: writer.Write(x.Ticks); break;
            case DataViewRowId x:
                writer.Write(x.Low);
                writer.Write(x.High);
                break;
            default:
                Generic(nameof(WriteVector), typeof(T).GetGenericArguments()[0]).Invoke(null, [writer, value]);
                break;
        }
    }

    public static T ReadValue<T>(BinaryReader reader)
    {
        if (typeof(T).IsGenericType && typeof(T).GetGenericTypeDefinition() == typeof(VBuffer<>))
            return (T)Generic(nameof(ReadVector), typeof(T).GetGenericArguments()[0]).Invoke(null, [reader]);
        object value = default(T) switch
        {
            ReadOnlyMemory<char> => reader.ReadString().AsMemory(),
            bool => reader.ReadBoolean(),
            sbyte => reader.ReadSByte(),
            byte => reader.ReadByte(),
            short => reader.ReadInt16(),
            ushort => reader.ReadUInt16(),
            int => reader.ReadInt32(),
            uint => reader.ReadUInt32(),
            long => reader.ReadInt64(),
            ulong => reader.ReadUInt64(),
            float => reader.ReadSingle(),
            double => reader.ReadDouble(),
            DateTime => DateTime.FromBinary(reader.ReadInt64()),
            TimeSpan => new TimeSpan(reader.ReadInt64()),
            _ => new DataViewRowId(reader.ReadUInt64(), reader.ReadUInt64()),
        };
        return (T)value;
    }

    private static void WriteVector<T>(BinaryWriter writer, VBuffer<T> vector)
    {
        writer.Write(vector.Length);
        foreach (var item in vector.DenseValues())
            WriteValue(writer, item);
    }

    private static VBuffer<T> ReadVector<T>(BinaryReader reader)
    {
        var values = new List<T>();
        for (var left = reader.ReadInt32(); left > 0; left--)
            values.Add(ReadValue<T>(reader));
        return new VBuffer<T>(values.Count, [.. values]);
    }

    private static void WriteAnnotation<T>(BinaryWriter writer, DataViewSchema.Annotations annotations, string kind)
    {
        T value = default;
        annotations.GetValue(kind, ref value);
        WriteValue(writer, value);
    }

    private static void ReadAnnotation<T>(BinaryReader reader, DataViewSchema.Annotations.Builder annotations, string kind, DataViewType type)
    {
        var value = ReadValue<T>(reader);
        annotations.Add(kind, type, (ref T destination) => destination = value);
    }

    private static MethodInfo Generic(string method, Type argument) =>
        typeof(SchemaFile).GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic).MakeGenericMethod(argument);
}
