import { describe, expect, test } from "vitest";
import { readStatement } from "../../../src/sandbox/oci/statements.ts";
import { StatementFault } from "../../../src/sandbox/oci/words.ts";

describe("statements that Oracle's and the vendor's pages have", () => {
  test.each([
    "Allow group A-Admins to manage all-resources in compartment Project-A",
    "Allow group A-Admins, B-Admins to manage all-resources in compartment Projects-A-and-B",
    "Allow group\n id ocid1.group.oc1..aaaaaaaaqjihfhvxmum...awuc7i5xwe6s7qmnsbc6a \nto manage all-resources in compartment Project-A",
    "Allow group id ocid1.group.oc1..a, id ocid1.group.oc1..b to manage all-resources in compartment id ocid1.compartment.oc1..c",
    "Allow any-group to inspect users in tenancy",
    "Allow service FaaS to use virtual-network-family in compartment network",
    "Allow group Domain-B/Domain-B-Admins to manage all-resources in compartment Project-B",
    "ALLOW GROUP 'Default'/'Administrators' to manage all-resources IN TENANCY",
    "Allow group InstanceAdmins to manage instance-family in compartment Project-A:Project-A2",
    "Allow group GroupAdmins to manage groups in tenancy where target.group.name = /A-Users-*/",
    "Allow group GroupAdmins to manage groups in tenancy where all {target.group.name=/A-*/,target.group.name!='A-Admins'}",
    "Allow group SummerInterns to manage instance-family in tenancy where ANY {request.utc-timestamp.month-of-year in ('6', '7', '8')}",
    "Allow group Contractors to manage instance-family in tenancy where request.utc-timestamp before '2022-01-01T00:00Z'",
    "allow group GroupA to manage object-family in tenancy where request.networkSource.name='corpnet'",
    "Define tenancy SourceTenancy as ocid1.tenancy.oc1.exampleuniqueID",
    "Define group StorageAdmins as ocid1.group.oc1.exampleuniqueID",
    "Admit group StorageAdmins of tenancy SourceTenancy to manage object-family in tenancy",
    "Admit group StorageAdmins of tenancy SourceTenancy to manage object-family in compartment SharedBuckets",
    "Endorse group StorageAdmins to manage object-family in any-tenancy",
    "Endorse group StorageAdmins to manage object-family in tenancy DestinationTenancy",
    'admit group AG of tenancy AT to use keys in tenancy where target.key.id = "ocid1.key.oc1.iad.x"',
    "admit group limits-requestors-sales of tenancy boat to {limits_increase_manage} in tenancy",
    "endorse any-user to { WLP_LOG_CREATE } in any-tenancy where all { request.principal.id = target.agent.id, request.principal.type = 'workloadprotectionagent' }",
    "deny any-user to manage policies in tenancy where all {target.policy.type='deny', request.principal.id!='[ocid]'}",
    "deny group low-privilege-peter to manage dynamic-groups in tenancy where target.dynamicgroup.name = 'x'",
    "Deny admit group A of tenancy B to use keys in tenancy",
    "deny endorse any-user to use keys in any-tenancy",
  ])("%s", (text) => {
    expect(() => readStatement(text)).not.toThrow();
  });
});

describe("what OCI does not take", () => {
  test.each([
    ["", "'syntax error starting with <<EOF>>'@'line 1, char 1' \n"],
    ["ALLOW group EXAMPLE TO MANAGE users IN", "'syntax error starting with <<EOF>>'@'line 1, char 39' \n"],
    ["Allow group A manage keys in tenancy", "'syntax error starting with manage'@'line 1, char 15' \n"],
    ["Allow group A to use keys", "'syntax error starting with <<EOF>>'@'line 1, char 26' \n"],
    ["Allow group A to use keys in tenancy when x", "'syntax error starting with when'@'line 1, char 38' \n"],
    ["Permit group A to use keys in tenancy", "'syntax error starting with Permit'@'line 1, char 1' \n"],
    [
      "allow admit group A of tenancy B to use keys in tenancy",
      "'syntax error starting with admit'@'line 1, char 7' \n",
    ],
    ["admit group A to use keys in tenancy", "'syntax error starting with to'@'line 1, char 15' \n"],
    ["endorse group A to use keys in tenancy", "'syntax error starting with <<EOF>>'@'line 1, char 39' \n"],
    ["Allow group A to fiddle keys in tenancy", "'syntax error starting with fiddle'@'line 1, char 18' \n"],
    ["Allow group A to {} in tenancy", "'syntax error starting with }'@'line 1, char 19' \n"],
    ["Allow group A to {KEY_READ in tenancy", "'syntax error starting with in'@'line 1, char 28' \n"],
    ["Allow group A, to use keys in tenancy", "'syntax error starting with use'@'line 1, char 19' \n"],
    ["Allow group A to use keys in compartment team:", "'syntax error starting with <<EOF>>'@'line 1, char 47' \n"],
    ["Allow group A to use keys in tenancy where any {}", "'syntax error starting with }'@'line 1, char 49' \n"],
    [
      "Allow group A to use keys in tenancy where any {a.b='c',}",
      "'syntax error starting with }'@'line 1, char 57' \n",
    ],
    [
      "Allow group A to use keys in tenancy where a.b = 'c' and d.e = 'f'",
      "'syntax error starting with and'@'line 1, char 54' \n",
    ],
    ["Allow group A to use keys in tenancy where a.b > 'c'", "'syntax error starting with >'@'line 1, char 48' \n"],
    ["Allow group A to use keys in tenancy where a.b = ‘c’", "'syntax error starting with ‘'@'line 1, char 50' \n"],
    ["Allow group A to use keys in tenancy where a.b = 'c", "'syntax error starting with ''@'line 1, char 50' \n"],
    [
      "Allow group A to use keys in tenancy where target.key.id = ocid1.key.oc1.iad.x",
      "'Invalid right-hand side in condition: empty list of varnames'@'VariableType.of'",
    ],
    ["define group AG as", "'syntax error starting with <<EOF>>'@'line 1, char 19' \n"],
    ["define AG as ocid1.group.oc1..a", "'syntax error starting with AG'@'line 1, char 8' \n"],
  ])("%s", (text, message) => {
    expect(() => readStatement(text)).toThrow(new StatementFault(message));
  });
});
