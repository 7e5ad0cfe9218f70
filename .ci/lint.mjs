// Rules of style that oxlint lacks.
const hashPrivate = {
  meta: { type: 'suggestion' },
  create: (context) => {
    const check = (node) => {
      if (node.accessibility !== 'private' || node.kind === 'constructor') return;
      context.report({
        node: node.key ?? node,
        message: 'Write private members with #, which also holds at run time.',
      });
    };
    return { MethodDefinition: check, PropertyDefinition: check, TSParameterProperty: check };
  },
};

export default { meta: { name: 'thetagrad' }, rules: { 'hash-private': hashPrivate } };
