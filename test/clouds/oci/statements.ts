/**
 * Statements as Oracle's and the vendors' pages have them, and as people write them. Of each the canonical text, or null
 * where it is the same; grouped by where they are from.
 */
export type Written = readonly [text: string, canonical?: string];

const GROUP = "ocid1.group.oc1..aaaaaaaaexamplecmkgroup";
const TENANCY = "ocid1.tenancy.oc1..aaaaaaaaexampleaiventenancy";
const KEY = "ocid1.key.oc1.eu-frankfurt-1.examplevault.abtheljrexamplekey";

export const TAKEN: Readonly<Record<string, readonly Written[]>> = {
  "aiven.io/docs/platform/howto/bring-your-own-key": [
    ["define tenancy AivenTenancy as ocid1.tenancy.oc1..aaaa"],
    [`define tenancy AT as ${TENANCY}`],
    [`define group AG as ${GROUP}`],
    ["admit group AG of tenancy AT to use keys in tenancy"],
    ['admit group "AG" of tenancy "AT" to use keys in tenancy', "admit group AG of tenancy AT to use keys in tenancy"],
    ["admit group AG of tenancy AT to use keys in compartment id ocid1.compartment.oc1..aaaa"],
    [`admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY}'`],
    [
      `admit group AG of tenancy AT to use keys in tenancy where target.key.id="${KEY}"`,
      `admit group AG of tenancy AT to use keys in tenancy where target.key.id = '${KEY}'`,
    ],
  ],

  "Identity/Concepts/policysyntax.htm": [
    [
      "Allow group A-Admins to manage all-resources in compartment Project-A",
      "allow group A-Admins to manage all-resources in compartment Project-A",
    ],
    ["allow group A-Admins, B-Admins to manage all-resources in compartment Projects-A-and-B"],
    [
      "Allow group A-Admins,B-Admins to manage all-resources in compartment P",
      "allow group A-Admins, B-Admins to manage all-resources in compartment P",
    ],
    [
      "Allow group id ocid1.group.oc1..aaaaaaaaqjihfhvxmumrl3isyrjw3n6c4rzwskaawuc7i5xwe6s7qmnsbc6a to manage all-resources in compartment Project-A",
      "allow group id ocid1.group.oc1..aaaaaaaaqjihfhvxmumrl3isyrjw3n6c4rzwskaawuc7i5xwe6s7qmnsbc6a to manage all-resources in compartment Project-A",
    ],
    [
      "Allow group id ocid1.group.oc1..aaaa, group id ocid1.group.oc1..bbbb to manage all-resources in compartment Projects",
      "allow group id ocid1.group.oc1..aaaa, id ocid1.group.oc1..bbbb to manage all-resources in compartment Projects",
    ],
    ["Allow any-user to inspect users in tenancy", "allow any-user to inspect users in tenancy"],
    ["allow any-group to read buckets in tenancy"],
    [
      "Allow dynamic-group FrontEnd to use load-balancers in compartment ABC",
      "allow dynamic-group FrontEnd to use load-balancers in compartment ABC",
    ],
    ["allow dynamic-group id ocid1.dynamicgroup.oc1..aaaa to read objects in tenancy"],
    ["allow group 'MyDomain'/'A-Admins' to manage all-resources in tenancy"],
    [
      "Allow group MyDomain/A-Admins to manage all-resources in tenancy",
      "allow group 'MyDomain'/'A-Admins' to manage all-resources in tenancy",
    ],
    ["allow group 'My Domain'/'A Admins', 'Other'/'B' to read keys in tenancy"],
    ["allow group 'Identity Domain'/'Cloud/Operators' to read buckets in tenancy"],
    ["allow group Admins to use instances in compartment id ocid1.compartment.oc1..aaaaaaaaexampleocid"],
    ["allow group NewCompAdmins to manage all-resources in compartment CompartmentB:CompartmentC"],
    ["allow group X to manage keys in compartment A:B:C:D:E:F"],
    [
      "Allow service objectstorage-us-ashburn-1 to manage object-family in tenancy",
      "allow service objectstorage-us-ashburn-1 to manage object-family in tenancy",
    ],
    ["allow resource objectstorage to use keys in tenancy"],
    [
      "Allow\n group  A-Admins\n   to manage\tall-resources in\r\n compartment Project-A",
      "allow group A-Admins to manage all-resources in compartment Project-A",
    ],
    ["ALLOW GROUP a TO INSPECT keys IN TENANCY", "allow group a to INSPECT keys in tenancy"],
    ["  allow group a to use keys in tenancy  ", "allow group a to use keys in tenancy"],
  ],

  "Identity/policiescommon/commonpolicies.htm": [
    ["allow group HelpDesk to manage users in tenancy"],
    ["allow group Auditors to inspect all-resources in tenancy"],
    ["allow group Auditors to read audit-events in tenancy"],
    ["allow group NetworkAdmins to manage virtual-network-family in tenancy"],
    ["allow group InstanceLaunchers to use volume-family in compartment ABC"],
    [
      "Allow group ImageUsers to {INSTANCE_IMAGE_READ} in compartment ABC where target.image.id='<image_OCID>'",
      "allow group ImageUsers to {INSTANCE_IMAGE_READ} in compartment ABC where target.image.id = '<image_OCID>'",
    ],
    ["allow group InstancePoolUsers to use tag-namespaces in tenancy where target.tag-namespace.name = 'oracle-tags'"],
    [
      "Allow service compute_management to use compute-capacity-reservations in tenancy",
      "allow service compute_management to use compute-capacity-reservations in tenancy",
    ],
    ["allow service compute, blockstorage, compute_management to use key-family in compartment X"],
    [
      "Allow service blockstorage, objectstorage-eu-frankfurt-1, FssOc1Prod, oke, streaming to use keys in compartment ABC where target.key.id = '<key_OCID>'",
      "allow service blockstorage, objectstorage-eu-frankfurt-1, FssOc1Prod, oke, streaming to use keys in compartment ABC where target.key.id = '<key_OCID>'",
    ],
    ["allow group SecurityAdmins to manage vaults in tenancy"],
    ["allow group SecurityAdmins to manage keys in compartment ABC where target.vault.id = '<vault_OCID>'"],
    ["allow group SecurityAdmins to use keys in compartment ABC where target.key.id = '<key_OCID>'"],
    [
      "Allow group VolumeBackupAdmins to manage volume-backups in tenancy where any {request.permission='VOLUME_BACKUP_CREATE', request.permission='VOLUME_BACKUP_COPY'}",
      "allow group VolumeBackupAdmins to manage volume-backups in tenancy where any {request.permission = 'VOLUME_BACKUP_CREATE', request.permission = 'VOLUME_BACKUP_COPY'}",
    ],
    [
      "Allow group ObjectWriters to manage objects in compartment ABC where all {target.bucket.name='BucketA', any {request.permission='OBJECT_CREATE', request.permission='OBJECT_INSPECT'}}",
      "allow group ObjectWriters to manage objects in compartment ABC where all {target.bucket.name = 'BucketA', any {request.permission = 'OBJECT_CREATE', request.permission = 'OBJECT_INSPECT'}}",
    ],
    [
      "Allow group FileUsers to manage file-systems in tenancy where any {request.permission='FILE_SYSTEM_DELETE',request.operation='DeleteFileSystem'}",
      "allow group FileUsers to manage file-systems in tenancy where any {request.permission = 'FILE_SYSTEM_DELETE', request.operation = 'DeleteFileSystem'}",
    ],
    [
      "Allow group PublicKeys to use groups in tenancy where target.group.name = 'A-Admins'",
      "allow group PublicKeys to use groups in tenancy where target.group.name = 'A-Admins'",
    ],
    [
      "allow any-user to read secret-family in compartment hr where any { request.principal.id = 'ocid1.databasetoolsconnection.oc1...' }",
      "allow any-user to read secret-family in compartment hr where any {request.principal.id = 'ocid1.databasetoolsconnection.oc1...'}",
    ],
    [
      "allow any-user to use keys in tenancy where all {request.principal.type = 'workload', request.principal.namespace = 'external-secrets'}",
    ],
    [
      "allow group Administrators, automation-users to use keys in compartment onfinance where any {\n    target.key.id = 'a',\n    target.key.id = 'b'\n}",
      "allow group Administrators, automation-users to use keys in compartment onfinance where any {target.key.id = 'a', target.key.id = 'b'}",
    ],
  ],

  "Identity/Concepts/policyadvancedfeatures.htm and policysyntax/conditions.htm": [
    ["allow group GroupAdmins to manage groups in tenancy where target.group.name = /A-*/"],
    ["allow group GroupAdmins to manage groups in tenancy where target.group.name = /*-Users/"],
    ["allow group GroupAdmins to manage groups in tenancy where target.group.name != 'Administrators'"],
    [
      "Allow group GroupAdmins to use users in tenancy where target.group.name != 'Administrators'",
      "allow group GroupAdmins to use users in tenancy where target.group.name != 'Administrators'",
    ],
    ["allow group XYZ to manage groups in tenancy where request.permission != 'GROUP_DELETE'"],
    [
      "Allow group XYZ to manage groups in tenancy where any {request.permission='GROUP_INSPECT', request.permission='GROUP_CREATE'}",
      "allow group XYZ to manage groups in tenancy where any {request.permission = 'GROUP_INSPECT', request.permission = 'GROUP_CREATE'}",
    ],
    ["allow group XYZ to manage groups in tenancy where request.operation != 'DeleteGroup'"],
    ["allow group XYZ to {GROUP_INSPECT, GROUP_CREATE} in tenancy"],
    [
      "Allow group NetworkAdmins to manage all-resources in tenancy where request.region = 'phx'",
      "allow group NetworkAdmins to manage all-resources in tenancy where request.region = 'phx'",
    ],
    ["allow group G to manage instances in tenancy where request.region != 'LHR'"],
    ["allow group G to use keys in tenancy where request.networkSource.name = 'corpnet'"],
    ["allow group G to use keys in tenancy where request.networkSource.name in ('a', 'b')"],
    ["allow group G to use keys in tenancy where request.user.mfaTotpVerified = 'true'"],
    ["allow group G to use keys in tenancy where request.user.name = /*@example.com/"],
    ["allow group G to use keys in tenancy where request.principal.type = 'instance'"],
    ["allow group G to use keys in tenancy where target.compartment.name = 'Prod'"],
    ["allow group G to use keys in tenancy where target.compartment.id != 'ocid1.compartment.oc1..aaaa'"],
    [
      "allow group G to use keys in tenancy where any {target.key.id = 'a', all {request.region = 'fra', target.compartment.name = 'b'}}",
    ],
    [
      "allow group G to use keys in tenancy where all{any{request.region='fra'},any{request.region='lhr'}}",
      "allow group G to use keys in tenancy where all {any {request.region = 'fra'}, any {request.region = 'lhr'}}",
    ],
    [
      "allow group G to use keys in tenancy where ALL {request.region = 'fra'}",
      "allow group G to use keys in tenancy where all {request.region = 'fra'}",
    ],
    [
      "allow group G to use keys in tenancy where request.region  =\n'fra'",
      "allow group G to use keys in tenancy where request.region = 'fra'",
    ],
    ["allow group G to read buckets in tenancy where request.bucket.name = request.principal.user"],
  ],

  "Identity/policies/scoping-policy-by-time.htm": [
    [
      "Allow group Contractors to manage instance-family in tenancy where request.utc-timestamp before '2022-01-01T00:00Z'",
      "allow group Contractors to manage instance-family in tenancy where request.utc-timestamp before '2022-01-01T00:00Z'",
    ],
    ["allow group C to use keys in tenancy where request.utc-timestamp after '2022-01-01T00:00:00Z'"],
    [
      "allow group C to use keys in tenancy where all {request.utc-timestamp after '2025-12-11T00:00:00Z', request.utc-timestamp before '2025-12-12T00:00:00Z'}",
    ],
    [
      "Allow group SummerInterns to manage instance-family in tenancy where ANY {request.utc-timestamp.month-of-year in ('6', '7', '8')}",
      "allow group SummerInterns to manage instance-family in tenancy where any {request.utc-timestamp.month-of-year in ('6', '7', '8')}",
    ],
    ["allow group ComplianceAuditors to read all-resources in tenancy where request.utc-timestamp.day-of-month = '1'"],
    [
      "Allow group WorkWeek to manage instance-family where ANY {request.utc-timestamp.day-of-week in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday')}",
      "allow group WorkWeek to manage instance-family where any {request.utc-timestamp.day-of-week in ('monday', 'tuesday', 'wednesday', 'thursday', 'friday')}",
    ],
    [
      "Allow group DayShift to manage instance-family where request.utc-timestamp.time-of-day between '17:00:00Z' and '01:00:00Z'",
      "allow group DayShift to manage instance-family where request.utc-timestamp.time-of-day between '17:00:00Z' and '01:00:00Z'",
    ],
  ],

  "Tagging/Tasks/managingaccesswithtags.htm": [
    [
      "allow any-user to manage instances in compartment HR where request.principal.group.tag.Operations.Project = 'Prod'",
    ],
    [
      "allow dynamic-group InstancesA to manage instances in compartment HR where request.principal.compartment.tag.operations.phase = 'Prod'",
    ],
    [
      "allow group GroupA to manage all-resources in compartment HR where target.resource.tag.Operations.Project = 'Prod'",
    ],
    [
      "allow group GroupA to manage all-resources in compartment HR where target.resource.compartment.tag.Operations.Project = 'Prod'",
    ],
    ["allow group GroupA to use all-resources in compartment HR where target.resource.tag.HR.Project = /proj*/"],
    [
      "allow group GroupA to use all-resources in compartment HR where request.principal.group.tag.HR.Project = target.resource.tag.HR.Project",
    ],
    [
      "allow group G to use keys in tenancy where request.principal.group.tag.aaa.aaa IN ('c','d',/e*/)",
      "allow group G to use keys in tenancy where request.principal.group.tag.aaa.aaa in ('c', 'd', /e*/)",
    ],
    ["allow group G to use keys in tenancy where target.resource.tag.a.b not in ('x')"],
    [
      "allow group 'id_lz'/'grp' to manage keys in compartment cmp where sets-intersect(target.resource.compartment.tag.tagns.role, ('exacc'))",
    ],
    [
      "allow group G to manage keys in compartment cmp where all{sets-intersect(target.resource.compartment.tag.a.b, ('x','y')), target.x.y !='z'}",
      "allow group G to manage keys in compartment cmp where all {sets-intersect(target.resource.compartment.tag.a.b, ('x', 'y')), target.x.y != 'z'}",
    ],
  ],

  "Identity/policieshow/iam-cross-domain.htm and Network/Tasks/remoteVCNpeering.htm": [
    [
      "Endorse group StorageAdmins to manage object-family in any-tenancy",
      "endorse group StorageAdmins to manage object-family in any-tenancy",
    ],
    ["endorse group StorageAdmins to manage object-family in tenancy DestinationTenancy"],
    [
      "Define tenancy SourceTenancy as ocid1.tenancy.oc1..aaaa",
      "define tenancy SourceTenancy as ocid1.tenancy.oc1..aaaa",
    ],
    ["DEFINE GROUP StorageAdmins AS ocid1.group.oc1..aaaa", "define group StorageAdmins as ocid1.group.oc1..aaaa"],
    ["define dynamic-group SAASDB as ocid1.dynamicgroup.oc1..aaaa"],
    ["define compartment Mine as ocid1.compartment.oc1..aaaa"],
    ["define tenancy 'A T' as ocid1.tenancy.oc1..aaaa"],
    ["define tenancy AT as id ocid1.tenancy.oc1..aaaa", "define tenancy AT as ocid1.tenancy.oc1..aaaa"],
    [
      "Admit group StorageAdmins of tenancy SourceTenancy to manage object-family in tenancy",
      "admit group StorageAdmins of tenancy SourceTenancy to manage object-family in tenancy",
    ],
    ["admit group StorageAdmins of tenancy SourceTenancy to read object-family in compartment SharedBuckets"],
    ["admit any-user of tenancy SourceTenancy to read buckets in tenancy"],
    ["admit any-group of tenancy SourceTenancy to read buckets in tenancy"],
    ["admit any-user of any-tenancy to inspect buckets in tenancy"],
    ["admit dynamic-group SAASDB of tenancy SAAS to use keys in compartment FSGBU_ERF"],
    ["admit service objectstorage of tenancy SAAS to use keys in tenancy"],
    ["admit group id ocid1.group.oc1..aaaa of tenancy id ocid1.tenancy.oc1..bbbb to use keys in tenancy"],
    ["admit group A, B of tenancy T to use keys in tenancy"],
    [
      "admit group 'A', 'B' of tenancy 'T' to use keys in tenancy",
      "admit group A, B of tenancy T to use keys in tenancy",
    ],
    ["admit group AG of tenancy AT to {KEY_ENCRYPT, KEY_DECRYPT} in tenancy"],
    [
      "admit group AG of tenancy AT to {KEY_ENCRYPT,KEY_DECRYPT} in compartment A:B where target.key.id='k'",
      "admit group AG of tenancy AT to {KEY_ENCRYPT, KEY_DECRYPT} in compartment A:B where target.key.id = 'k'",
    ],
    ["admit group admins {KEY_ENCRYPT} in tenancy", "admit group admins to {KEY_ENCRYPT} in tenancy"],
    [
      "Allow group requestorGrp to manage local-peering-from in compartment requestorComp",
      "allow group requestorGrp to manage local-peering-from in compartment requestorComp",
    ],
    [
      "Endorse group requestorGrp to manage local-peering-to in tenancy Acceptor",
      "endorse group requestorGrp to manage local-peering-to in tenancy Acceptor",
    ],
    [
      "endorse group requestorGrp to associate local-peering-gateways in compartment requestorComp with local-peering-gateways in tenancy Acceptor",
    ],
    [
      "admit group requestorGrp of tenancy Requestor to associate local-peering-gateways in tenancy Requestor with local-peering-gateways in compartment acceptorComp",
    ],
    [
      "admit any-user of tenancy R to associate dns-views in tenancy R with dns-resolvers in tenancy where request.principal.type = 'x'",
    ],
    ["define tenancy usage-report as ocid1.tenancy.oc1..aaaaaaaaned4fkpkisbwjlr56u7cj63lf3wffbilvqknstgtvzub7vhqkggq"],
    ["endorse group read-usage-report-group to read objects in tenancy usage-report"],
    ["endorse resource vault-secrets to read objects in any-tenancy"],
    ["admit group G of tenancy T to use keys in compartment C of tenancy Mine"],
  ],

  "Identity/policysyntax/denypolicies.htm": [
    ["deny group Interns to inspect all-resources in tenancy"],
    [
      "Deny group Contractors to use keys in compartment Prod",
      "deny group Contractors to use keys in compartment Prod",
    ],
    ["deny any-user to manage policies in tenancy"],
    [
      "Deny admit group AG of tenancy AT to use keys in tenancy",
      "deny admit group AG of tenancy AT to use keys in tenancy",
    ],
    ["deny admit any-user of tenancy AT to inspect keys in tenancy"],
    ["deny admit any-user of any-tenancy to inspect all-resources in tenancy"],
    [
      "DENY ENDORSE group X to manage object-family in any-tenancy",
      "deny endorse group X to manage object-family in any-tenancy",
    ],
    [
      "deny any-user to {KEY_DELETE, VAULT_DELETE} in tenancy where request.utc-timestamp.day-of-week in ('saturday', 'sunday')",
    ],
    ["deny group A to delete keys in tenancy"],
    ["deny service objectstorage to use keys in tenancy where target.key.id = 'x'"],
    ["deny dynamic-group D to use any-resource in tenancy"],
  ],

  "as people write them": [
    ["allow group admins to read buckets in the tenancy", "allow group admins to read buckets in tenancy"],
    ["allow group admins to use keys in tenancy where target.key.id in ('Key, One', 'Key\\'Two')"],
    [
      'allow group admins to use keys in tenancy where target.key.id = "it\'s"',
      "allow group admins to use keys in tenancy where target.key.id = 'it\\'s'",
    ],
    ["allow group admins to use keys in tenancy where target.bucket.name = /Prod\\/.*\\/Archive/"],
    ["allow group admins to use keys in tenancy where target.bucket.name = //"],
    ["allow group admins to use keys in tenancy where target.key.id = ''"],
    ["allow group admins to use keys in tenancy where !target.key.id"],
    ["allow group admins to use keys in tenancy where target.key.id"],
    [
      "allow dynamic-group id ocid1.dynamicgroup.oc1..first, ocid1.dynamicgroup.oc1..second to use objects in tenancy",
      "allow dynamic-group id ocid1.dynamicgroup.oc1..first, id ocid1.dynamicgroup.oc1..second to use objects in tenancy",
    ],
    [
      "allow group ocid1.group.oc1..aaaa to use keys in tenancy",
      "allow group id ocid1.group.oc1..aaaa to use keys in tenancy",
    ],
    [
      "allow group id 'ocid1.group.oc1..aaaa' to use keys in tenancy",
      "allow group id ocid1.group.oc1..aaaa to use keys in tenancy",
    ],
    ["allow group 'to' to use keys in tenancy"],
    ["allow group toast, order to use keys in tenancy"],
    ["allow group Gruppe-Ärzte to use keys in tenancy", "allow group 'Gruppe-Ärzte' to use keys in tenancy"],
    ["allow group a@example to use keys in tenancy", "allow group 'a@example' to use keys in tenancy"],
    ["allow group $group to use keys in tenancy", "allow group '$group' to use keys in tenancy"],
    ["allow group __proto__, constructor to use toString in compartment hasOwnProperty"],
    ["define group __proto__ as ocid1.group.oc1..aaaa"],
    ["allow group anything to use keys in tenancy"],
    ["allow group any-user-group to use keys in tenancy"],
    ["allow group id-group to use keys in tenancy"],
    ["allow group x to use keys in compartment tenancy"],
    ["allow group x to use keys in compartment 'with space':'in it'"],
    ["allow group x to use keys in compartment ocid1.compartment.oc1..aaaa"],
    ["admit group AG of tenancy AT to use keys in tenancy where any {target.key.id = 'k'}"],
    ["allow group x to use keys"],
  ],
};

/** What no page has, or what OCI is known to refuse: none of it may be read as if it were right. */
export const REFUSED: readonly string[] = [
  "",
  " ",
  "allow",
  "permit group admins to read buckets in tenancy",
  "allow user alice to read buckets in tenancy",
  "allow group to read buckets in tenancy",
  "allow group , admins to read buckets in tenancy",
  "allow group admins,,operators to read buckets in tenancy",
  "allow group 'admins' operators to read buckets in tenancy",
  "allow group 'admins\\ to read buckets in tenancy",
  "allow group 'admins to read buckets in tenancy",
  "allow group id not-an-ocid to read buckets in tenancy",
  "allow group domain/name/extra to read buckets in tenancy",
  "allow tenancy Remote to read buckets in tenancy",
  "allow dynamicgroup testgroup to read instances in tenancy",
  "allow any-user id ocid1.group.oc1..abc to read buckets in tenancy",
  "allow all-users to read buckets in tenancy",
  "allow group admins to read in tenancy",
  "allow group admins read buckets in tenancy",
  "allow group admins to read buckets in",
  "allow group admins to read buckets in bucket finance",
  "allow group admins to read buckets in compartment",
  "allow group admins to read buckets in compartment where request.x = 'x'",
  "allow group admins to read buckets in compartment id invalid",
  "allow group admins to read buckets in compartment :finance",
  "allow group admins to read buckets in compartment finance:",
  "allow group admins to read buckets in compartment finance::accounts",
  "allow group admins to read buckets in compartment finance/accounts",
  "allow group admins to read buckets in tenancy unexpected words",
  "allow group admins to read buckets in tenancy //a note",
  "allow group admins to read buckets in tenancy;",
  "allow group admins to read buckets in tenancy where",
  "allow group admins to read buckets in tenancy where request.x is 'value'",
  "allow group admins to read buckets in tenancy where = 'value'",
  "allow group admins to read buckets in tenancy where request.x in 'value'",
  "allow group admins to read buckets in tenancy where request.x in ()",
  "allow group admins to read buckets in tenancy where request.x = /",
  "allow group admins to read buckets in tenancy where request.x = 'value' trailing",
  "allow group admins to read buckets in tenancy where request.x = 'a' and request.y = 'b'",
  "allow group admins to read buckets in tenancy where request.x = 'a', request.y = 'b'",
  "allow group admins to read buckets in tenancy where request.x in (, 'value')",
  "allow group admins to read buckets in tenancy where request.x in ('value',, 'other')",
  "allow group admins to read buckets in tenancy where any request.x = 'value'",
  "allow group admins to read buckets in tenancy where any {}",
  "allow group admins to read buckets in tenancy where none {request.x = 'a'}",
  "allow group admins to read buckets in tenancy where all { request.x = 'value', }",
  "allow group admins to read buckets in tenancy where all { request.x = 'value'",
  "allow group admins to read buckets in tenancy where all request.x = 'value' }",
  "allow group admins to read buckets in tenancy where request.x == 'value'",
  "allow group admins to read buckets in tenancy where request.x > 'value'",
  "allow group admins to read buckets in tenancy where request.x between 'a'",
  "allow group admins to read buckets in tenancy where request.x between 'a' or 'b'",
  "allow group admins to read buckets in tenancy where request.x = ‘curly’ quotes",
  "allow group admins to { } in tenancy",
  "allow group admins to {VCN_ATTACH,} in tenancy",
  "allow group admins to {,VCN_ATTACH} in tenancy",
  "allow group admins to {VCN ATTACH} in tenancy",
  "allow group admins to {VCN_ATTACH in tenancy",
  "allow group admins to associate a in tenancy with b",
  "define service objectstorage as ocid1.service.oc1..objectstorage",
  "define tenancy Remote as",
  "define tenancy Remote as invalid",
  "define tenancy Remote ocid1.tenancy.oc1..one",
  "define tenancy Remote = ocid1.tenancy.oc1..one",
  "define tenancy Remote as ocid1.tenancy.oc1..one ocid1.tenancy.oc1..two",
  "define tenancy one,two as ocid1.tenancy.oc1..remote",
  "define tenancy as ocid1.tenancy.oc1..remote",
  "define tenancy AT as {access_tenant}",
  "admit group AG of AT to use keys in tenancy",
  "admit group AG tenancy AT to use keys in tenancy",
  "deny admit to use keys in tenancy",
  "deny allow group x to use keys in tenancy",
  "admit deny group x to use keys in tenancy",
  "allow group a to use keys in tenancy allow group b to use keys in tenancy",
  "allow group a to use keys in tenancy\u0000",
  "allow\u00a0group a to use keys in tenancy",
];
