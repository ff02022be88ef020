// Writes copies of assemblies in which internal types and members are public, for the compiler to reference.
// At run time the originals are used; an assembly that reaches their internals declares IgnoresAccessChecksTo for them.
//   publicize OUTPUT-FOLDER REFERENCES-FILE ASSEMBLY…     the file lists all references, one a line: types are looked up beside them
using Mono.Cecil;

if (args.Length < 3)
{
    Console.Error.WriteLine("usage: publicize OUTPUT-FOLDER REFERENCES-FILE ASSEMBLY…");
    return 2;
}

Directory.CreateDirectory(args[0]);
using var resolver = new DefaultAssemblyResolver();
foreach (var folder in File.ReadAllLines(args[1]).Select(Path.GetDirectoryName).Distinct())
    resolver.AddSearchDirectory(folder);

foreach (var path in args[2..])
{
    using var module = ModuleDefinition.ReadModule(path, new ReaderParameters { AssemblyResolver = resolver });
    foreach (var type in module.GetTypes().Where(type => type.Name != "<Module>"))
    {
        // Private nested types stay hidden: compiler-generated ones would only clutter.
        if (!type.IsNested)
            type.IsPublic = true;
        else if (!type.IsNestedPrivate)
            type.IsNestedPublic = true;

        foreach (var method in type.Methods)
        {
            // A virtual method that is partly protected must keep its access, or overrides of it would no longer match.
            if (method.IsAssembly || (!method.IsVirtual && (method.IsFamilyOrAssembly || method.IsFamilyAndAssembly)))
                method.IsPublic = true;
        }
        foreach (var field in type.Fields.Where(field => field.IsAssembly || field.IsFamilyOrAssembly || field.IsFamilyAndAssembly))
            field.IsPublic = true;
    }
    module.Write(Path.Combine(args[0], Path.GetFileName(path)));
}
return 0;
