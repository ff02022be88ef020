using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Data;

/// <summary>Reads the label column, a key: 0 for a missing label, classes from 1.</summary>
internal static class LabelReader
{
    /// <summary>Checks that a column can be a label and returns its type.</summary>
    /// <exception cref="ArgumentException">It is no key, or its number of classes is unknown.</exception>
    public static KeyDataViewType Check(DataViewSchema.Column column)
    {
        if (column.Type is not KeyDataViewType key)
            throw new ArgumentException($"The label column '{column.Name}' must be a key, but is {column.Type}. Add Conversion.MapValueToKey(\"{column.Name}\") before the trainer.");
        if (key.Count is 0 or > int.MaxValue)
            throw new ArgumentException($"The label column '{column.Name}' must be a key with a known number of classes, but has {key.Count}.");
        return key;
    }

    /// <summary>Binds a reader of the label to a row.</summary>
    public static Func<ulong> Bind(DataViewRow row, DataViewSchema.Column column)
    {
        var raw = column.Type.RawType;
        return raw == typeof(uint) ? Read<uint>()
            : raw == typeof(byte) ? Read<byte>()
            : raw == typeof(ushort) ? Read<ushort>()
            : Read<ulong>();

        Func<ulong> Read<T>()
            where T : unmanaged, System.Numerics.IBinaryInteger<T>
        {
            var getter = row.GetGetter<T>(column);
            var value = default(T);
            return () =>
            {
                getter(ref value);
                return ulong.CreateChecked(value);
            };
        }
    }
}
